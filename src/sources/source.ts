/** The contract of a source: what is read of one account or instance. It stands below the graph. */
import type { RateLimit } from '../http/rate-limit.ts';
import type { Traffic } from '../http/upstream.ts';
import type { Budget, EventReference, FlagEvent } from '../model.ts';
import type { Part } from '../timeline/feed.ts';
import type { Webhook } from './webhook.ts';

export type { RateLimit, Traffic };

/** One configured account or instance of a vendor. */
export interface Source {
  /** Unique in the gateway, for example `launchdarkly` or `unleash-eu`. Part of cursors and ids: keep it. */
  id: string;
  /** The value of `FlagVendor`. */
  vendor: string;
  /** The vendor's name for people, for example `LaunchDarkly`. */
  name: string;
  /** The vendor's page for people. */
  url: URL;
  /** Its feeds, by the parts that are found out and fail apart from each other. The same for the life of the source. */
  parts: readonly Part[];
  /**
   * A batch function: the events behind these references, in their order; `null` for one that does not exist.
   * `fields` as in a feed's read.
   */
  loadEvents(
    references: readonly EventReference[],
    fields: ReadonlySet<string>,
    budget: Budget,
  ): Promise<readonly (FlagEvent | null | Error)[]>;
  /** Batch functions for fields of an event that cost a call of their own, by the field's name. */
  fieldLoaders: Readonly<Record<string, FieldLoader>>;
  /** What such a field is, where nobody has to be asked for it; `undefined` where somebody has. */
  knownFields?: Readonly<Record<string, (event: FlagEvent) => unknown>>;
  /**
   * Keys of the projects that are read, of those that the vendor shows. Asked when it is called, and remembered for some
   * minutes.
   */
  listProjects(budget: Budget): Promise<readonly string[]>;
  /** Keys of the environments of a project that are read, as above; `null` if the vendor does not tell. */
  listEnvironments(project: string, budget: Budget): Promise<readonly string[] | null>;
  /**
   * Those of them that an event can do without, by their paths in the graph. They are null where their call fails, and the
   * report of the source says how many are. One that needs another comes after it.
   */
  details: readonly string[];
  /** How its vendor's webhooks are known; not set where there is no secret for them. */
  webhook?: Webhook | undefined;
  /** What is left of the vendor's rate limit, as its latest answer said; `null` if it has not said. */
  rateLimit(): RateLimit | null;
  /** False once everything that was asked has failed for want of an answer, until something is answered again. */
  isHealthy(): boolean;
  traffic(): Traffic;
  close(): Promise<void>;
}

/** Gives one value, or the `Error` that stands for it, for each event in their order. */
export type FieldLoader = (events: readonly FlagEvent[], budget: Budget) => Promise<readonly unknown[]>;
