import type { SandboxEvent } from './event.ts';

export type EventStore = ReturnType<typeof createEventStore>;

/** Events in the order the server lists them: by time and then by id, newest first. */
export function createEventStore(initial: SandboxEvent[], now: () => number) {
  const events = initial.toSorted(newestFirst);
  let lastId = Math.max(0, ...events.map(({ id }) => id));
  let shuffles = 0;

  function insert(given: Partial<SandboxEvent> & { type: string }): SandboxEvent {
    const nothing = { data: null, preData: null, tags: [], featureName: null, project: null, environment: null };
    const author = { createdBy: 'admin', createdByUserId: 1, createdAtMicros: now() * 1000 };
    const event = { id: lastId + 1, ...author, ...nothing, ...given };
    lastId = Math.max(lastId, event.id);
    events.splice(positionOf(event), 0, event);
    return event;
  }

  /** By halves, as an index would: a log may be long. */
  function positionOf(event: SandboxEvent): number {
    let [low, high] = [0, events.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const other = events[middle];
      if (other && newestFirst(event, other) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** By time only; the sequence of events of the same microsecond is another one at every call. */
  function shuffled(): readonly SandboxEvent[] {
    shuffles += 1;
    const rank = ({ id }: SandboxEvent) => (id * PRIMES[0] * shuffles) % PRIMES[1];
    return events.toSorted((a, b) => timeOf(b) - timeOf(a) || rank(a) - rank(b));
  }

  return { insert, shuffled, ordered: (): readonly SandboxEvent[] => events };
}

const PRIMES = [7_919, 10_007] as const;

function newestFirst(a: SandboxEvent, b: SandboxEvent): number {
  return timeOf(b) - timeOf(a) || b.id - a.id;
}

function timeOf({ createdAtMicros }: SandboxEvent): number {
  return createdAtMicros ?? Number.MAX_SAFE_INTEGER;
}
