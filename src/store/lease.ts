/** Which of several replicas does what only one has to do. In memory here; replicas may share one that lives elsewhere. */
export interface Lease {
  /** Whether it is this replica, for so many milliseconds from now on: who has it keeps it by asking again in time. */
  hold(key: string, forMs: number): Promise<boolean>;
  /** Lets go of what it holds. */
  release(key: string): Promise<void>;
}

interface Held {
  by: symbol;
  /** By a clock that nobody sets, in milliseconds. */
  until: number;
}

/** `held`: what replicas in one process share. @default this one is alone */
export function createMemoryLease(held = new Map<string, Held>()): Lease {
  const by = Symbol('replica');
  const isOthers = (key: string) => {
    const holder = held.get(key);
    return holder !== undefined && holder.by !== by && holder.until > performance.now();
  };
  return {
    async hold(key, forMs) {
      if (isOthers(key)) return false;
      held.set(key, { by, until: performance.now() + forMs });
      return true;
    },
    async release(key) {
      if (!isOthers(key)) held.delete(key);
    },
  };
}
