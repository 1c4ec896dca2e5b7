export interface SandboxRequest {
  method: string;
  /** With the base path, without the query. */
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

/** An event as JSON, which a fault may have spoilt. */
export type WireEvent = Record<string, unknown>;

export type UnleashFault =
  /** An error answer: 401, 403 and 503 in Unleash's words, 500 with the text of an SQL statement, unless `body` is given. */
  | { kind: 'status'; status: number; body?: unknown }
  /** 429 in HTML, with `Retry-After` and the `RateLimit-*` headers. */
  | { kind: 'rate-limited'; retryAfterSeconds: number }
  /** The page of a proxy in front of Unleash. */
  | { kind: 'html'; status?: number }
  /** 200 without events although there are some: the row query failed, the count did not. */
  | { kind: 'swallowed' }
  /** The connection ends in the middle of the body. */
  | { kind: 'cut-off' }
  /** The body is complete, as far as HTTP knows, but its JSON is not. */
  | { kind: 'truncated-json' }
  | { kind: 'slow'; ms: number }
  /** Every search page that holds this event answers 500, as one with an odd strategy does. */
  | { kind: 'poison'; id: number }
  /** The page's first event, or the one with this id, has fields of the wrong types. */
  | { kind: 'wrong-types'; id?: number }
  /** The page's first event, or the one with this id, is of a type nobody knows yet and has a field nobody knows yet. */
  | { kind: 'unknown-type'; id?: number }
  /** The page's last event comes twice. */
  | { kind: 'duplicated' }
  /** The page is in the opposite order. */
  | { kind: 'ascending' }
  /** The page has no more rows than this, whatever was asked. */
  | { kind: 'short'; rows: number }
  /** Events of the same microsecond come in another sequence at every call, as before 7.0.5 they may. */
  | { kind: 'shuffled-ties' };

export interface UnleashFaults {
  /** For every request from now on. */
  always(fault: UnleashFault): Disposable;
  /** For the next `count` requests. */
  next(count: number, fault: UnleashFault): Disposable;
  /** For the requests that match. */
  when(matches: (request: SandboxRequest) => boolean, fault: UnleashFault): Disposable;
  clear(): void;
}

interface Plan {
  fault: UnleashFault;
  left: number;
  matches: (request: SandboxRequest) => boolean;
}

/** Disposing what a method returns takes that fault back. */
export function createFaults(): UnleashFaults & { take(request: SandboxRequest): UnleashFault[] } {
  let plans: Plan[] = [];

  function add(fault: UnleashFault, left: number, matches = (_request: SandboxRequest) => true): Disposable {
    const plan = { fault, left, matches };
    plans.push(plan);
    return { [Symbol.dispose]: () => drop((each) => each === plan) };
  }

  function drop(isDropped: (plan: Plan) => boolean): void {
    plans = plans.filter((plan) => !isDropped(plan));
  }

  return {
    always: (fault) => add(fault, Number.POSITIVE_INFINITY),
    next: (count, fault) => add(fault, count),
    when: (matches, fault) => add(fault, Number.POSITIVE_INFINITY, matches),
    clear: () => drop(() => true),
    take(request) {
      const due = plans.filter(({ left, matches }) => left > 0 && matches(request));
      for (const plan of due) plan.left -= 1;
      return due.map(({ fault }) => fault);
    },
  };
}

/** The events of one page, spoilt. */
export function spoilEvents(events: WireEvent[], fault: UnleashFault): WireEvent[] {
  switch (fault.kind) {
    case 'swallowed':
      return [];
    case 'duplicated':
      return [...events, ...events.slice(-1)];
    case 'ascending':
      return events.toReversed();
    case 'short':
      return events.slice(0, fault.rows);
    case 'wrong-types':
      return replaceOne(events, fault.id, { id: 'seven', createdAt: 0, tags: null, createdBy: { name: 'admin' } });
    case 'unknown-type':
      return replaceOne(events, fault.id, {
        type: 'feature-teleported',
        label: 'Flag teleported',
        orbit: { apogee: 1 },
      });
    default:
      return events;
  }
}

function replaceOne(events: WireEvent[], id: number | undefined, fields: WireEvent): WireEvent[] {
  const target = events.findIndex((event) => id === undefined || event.id === id);
  return events.map((event, index) => (index === target ? { ...event, ...fields } : event));
}
