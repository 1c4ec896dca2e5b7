/** What a vendor's folder brings: its settings, its sources, its types in the graph and its sandbox. */
import type { z } from 'zod';
import type { VendorGraph } from '../graph/vendor.ts';
import type { Clock } from '../http/clock.ts';
import type { ProxySettings } from '../http/proxy.ts';
import type { UpstreamOptions } from '../http/upstream.ts';
import type { Source } from './source.ts';
import type { Story } from './story.ts';

export interface VendorDefinition<Settings extends SourceSettings = SourceSettings> {
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

/** A vendor's sandbox: a loopback server that speaks the vendor's wire format, and the settings that point at it. */
export interface Sandbox<Settings> extends AsyncDisposable {
  settings: Settings;
}

export interface ConnectOptions extends Pick<UpstreamOptions, 'bus' | 'sharedPages' | 'onCall' | 'onRetry' | 'trace'> {
  /** How long an upstream page may be remembered, in milliseconds; 0 is not at all. */
  pageCacheMs: number;
  /** At most this many connections to the source. */
  connections?: number;
  /** @default no proxy */
  proxy?: ProxySettings | undefined;
  /** For tests: time, and how long a failing part is left alone. */
  clock?: Clock;
  breakerMs?: number;
}

/** What every source's settings have in common. */
export interface SourceSettings {
  vendor: string;
  id: string;
}

/** Keeps a definition's own settings type inside it, so that definitions of several vendors fit in one list. */
export function defineVendor<Settings extends SourceSettings>(
  definition: VendorDefinition<Settings>,
): VendorDefinition {
  // Sound because `connect` only ever gets what the same definition's `settings` has let through.
  return definition as unknown as VendorDefinition;
}
