import type { Scope } from '../timeline/scope.ts';

/** Who asks, as far as the graph has to know. */
export interface Caller {
  /** The same for the same caller. */
  name: string;
  /** When the credentials end, Unix milliseconds; not set if they do not. */
  expiresAt?: number;
  /** What they may see; not set where there are no rules. */
  scope?: Scope;
}
