import type { SandboxEvent } from './event.ts';

export type EventStore = ReturnType<typeof createEventStore>;

/** Events in the order the server lists them: by time and then by id, newest first. */
export function createEventStore(initial: SandboxEvent[], now: () => number) {
  const events = initial.toSorted(newestFirst);
  let lastId = Math.max(0, ...events.map(({ id }) => id));

  function insert(given: Partial<SandboxEvent> & { type: string }): SandboxEvent {
    const nothing = { data: null, preData: null, tags: [], featureName: null, project: null, environment: null };
    const author = { createdBy: 'admin', createdByUserId: 1, createdAtMicros: now() * 1000 };
    const event = { id: lastId + 1, ...author, ...nothing, ...given };
    lastId = Math.max(lastId, event.id);
    const position = events.findIndex((other) => newestFirst(event, other) <= 0);
    events.splice(position === -1 ? events.length : position, 0, event);
    return event;
  }

  return { insert, ordered: (): readonly SandboxEvent[] => events };
}

function newestFirst(a: SandboxEvent, b: SandboxEvent): number {
  const [first, second] = [a, b].map(({ createdAtMicros }) => createdAtMicros ?? Number.MAX_SAFE_INTEGER);
  return (second ?? 0) - (first ?? 0) || b.id - a.id;
}
