/** The contract between the gateway and a vendor's folder. */
import type { z } from 'zod';
import type { VendorGraph } from '../graph/vendor.ts';
import type { Clock } from '../http/clock.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import type { EventReference, FlagEvent } from '../model.ts';
import type { Feed } from '../timeline/feed.ts';
import type { Story } from './story.ts';

export type { RateLimit };

/** One configured account or instance of a vendor. */
export interface Source {
  /** Unique in the gateway, for example `launchdarkly` or `unleash-eu`. Part of cursors and ids: keep it. */
  id: string;
  vendor: string;
  /** The vendor's page for people. */
  url: URL;
  /**
   * The feeds to read. May have to ask the vendor which there are; then a failure is thrown, and asked again next time.
   * Every feed's key begins with the source's id.
   */
  feeds(): Promise<readonly Feed[]>;
  /**
   * A batch function: the events behind these references, in their order; `null` for one that does not exist.
   * `fields` as in a feed's read.
   */
  loadEvents(
    references: readonly EventReference[],
    fields: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly (FlagEvent | null | Error)[]>;
  /** Batch functions for fields of an event that cost a call of their own, by the field's name. */
  fieldLoaders: Readonly<Record<string, FieldLoader>>;
  /** What is left of the vendor's allowance, as its latest answer said; `null` if it has not said. */
  rateLimit(): RateLimit | null;
  /** False once requests have failed for want of an answer, until one is answered again. */
  isHealthy(): boolean;
  close(): Promise<void>;
}

/** Gives one value, or the `Error` that stands for it, for each event in their order. */
export type FieldLoader = (events: readonly FlagEvent[], signal: AbortSignal) => Promise<readonly unknown[]>;

/** A vendor's sandbox: a loopback server that speaks the vendor's wire format, and the settings that point at it. */
export interface Sandbox<Settings> extends AsyncDisposable {
  settings: Settings;
}

/** Everything a vendor's folder brings. */
export interface SourceDefinition<Settings extends SourceSettings = SourceSettings> {
  /** The value of `FlagVendor`. */
  vendor: string;
  /** For people, for example `LaunchDarkly`. */
  name: string;
  /** Checks one entry of `sources` in `gateway.config.ts`, and what {@link fromEnvironment} makes. */
  settings: z.ZodType<Settings>;
  /** A source from environment variables alone, unchecked; `undefined` when none of them is set. */
  fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> | undefined;
  /** The environment variable behind a setting, for messages about it. */
  variables: Readonly<Record<string, string>>;
  connect(settings: Settings, options: ConnectOptions): Source;
  startSandbox(story: Story): Promise<Sandbox<Settings>>;
  graph: VendorGraph;
}

export interface ConnectOptions {
  /** How long an upstream page may be remembered, in milliseconds; 0 is not at all. */
  pageCacheMs: number;
  /** At most this many connections to the source. */
  connections?: number;
  /** For undici's `EnvHttpProxyAgent`; an empty text is no proxy. @default no proxy */
  proxy?: { httpsProxy?: string; httpProxy?: string; noProxy?: string } | undefined;
  /** For tests: time, and how long a failing source is left alone. */
  clock?: Clock;
  breakerMs?: number;
}

/** What every source's settings have in common. */
export interface SourceSettings {
  vendor: string;
  id: string;
}

/** Keeps a definition's own settings type inside it, so that definitions of several vendors fit in one list. */
export function defineSource<Settings extends SourceSettings>(
  definition: SourceDefinition<Settings>,
): SourceDefinition {
  // Sound because `connect` only ever gets what the same definition's `settings` has let through.
  return definition as unknown as SourceDefinition;
}
