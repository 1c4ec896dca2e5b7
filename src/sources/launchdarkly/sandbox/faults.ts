/** What can go wrong with LaunchDarkly, as switches a test may turn at any time. Each was reported or is documented. */
import type { FlagEventCollectionRep, FlagEventRep } from './data.ts';
import type { PageFaults } from './log.ts';

export type Fault =
  /** 429 that says nothing about when to come back. */
  | { type: 'rate-limited-without-reset' }
  /** 429 whose `X-Ratelimit-Reset` is `agoMs` (one minute) before now. */
  | { type: 'rate-limited-reset-in-past'; agoMs?: number }
  /** 429 with `Retry-After` and no other hint. */
  | { type: 'rate-limited-retry-after'; seconds: number }
  | { type: 'unauthorized-empty-body' }
  /** 403 as reported for a missing beta header: a message and no `code`. */
  | { type: 'forbidden-without-code' }
  /** The page of a proxy in between. */
  | { type: 'html-error'; status: 500 | 502 }
  /** 503 with the documented body. */
  | { type: 'unavailable' }
  /** Any other answer, JSON unless it is a string. */
  | { type: 'answer'; status: number; body: unknown; headers?: Record<string, string> }
  /** The connection breaks after half of the right answer. */
  | { type: 'closed-mid-body' }
  /** The right answer, late. */
  | { type: 'slow'; delayMs: number }
  /** Whatever is absent comes as `null`. */
  | { type: 'optional-fields-null' }
  /** An `eventType`, a `reason`, a `status` and extra fields that nobody has heard of. */
  | { type: 'unknown-vocabulary' }
  /** The event appears right after this answer: between two pages. */
  | { type: 'insert-event'; event: FlagEventRep }
  /** A page reached by `after` begins with the event the previous page ended with. */
  | { type: 'duplicate-on-two-pages' }
  | { type: 'ascending-order' }
  /** The events of one millisecond, if they fit on a page, come in another sequence; each `salt` has its own. */
  | { type: 'ties-reordered'; salt: string }
  | { type: 'links-null' };

export interface FaultOptions<Request> {
  /** How many requests it befalls. Unlimited unless given. */
  times?: number;
  /** Which requests it befalls. All of them unless given. */
  when?: (request: Request) => boolean;
}

export interface Faults<Request> {
  /** @returns a function that takes this fault away again */
  add(fault: Fault, options?: FaultOptions<Request>): () => void;
  clear(): void;
  /** The faults that befall this request and concern it, in the order they were added. Asking uses up `times`. */
  take(request: Request, concerns: (fault: Fault) => boolean): Fault[];
}

export function createFaults<Request>(): Faults<Request> {
  let switches: { fault: Fault; left: number; when: (request: Request) => boolean }[] = [];

  function add(fault: Fault, { times = Number.POSITIVE_INFINITY, when = () => true }: FaultOptions<Request> = {}) {
    const added = { fault, left: times, when };
    switches.push(added);
    return () => {
      switches = switches.filter((other) => other !== added);
    };
  }

  function clear(): void {
    switches = [];
  }

  function take(request: Request, concerns: (fault: Fault) => boolean): Fault[] {
    const taken = switches.filter(({ fault, left, when }) => left > 0 && concerns(fault) && when(request));
    for (const one of taken) {
      one.left -= 1;
    }
    return taken.map(({ fault }) => fault);
  }

  return { add, clear, take };
}

export function isAboutPages({ type }: Fault): boolean {
  return PAGE_FAULTS.has(type);
}

export function pageFaultsOf(faults: readonly Fault[]): PageFaults {
  return {
    isAscending: faults.some(({ type }) => type === 'ascending-order'),
    repeatsCursor: faults.some(({ type }) => type === 'duplicate-on-two-pages'),
    tieOrder: faults.find((fault) => fault.type === 'ties-reordered')?.salt,
  };
}

/** The page as a faulty server would print it; no longer a {@link FlagEventCollectionRep} in the strict sense. */
export function distortPage(page: FlagEventCollectionRep, faults: readonly Fault[]): object {
  const has = (type: Fault['type']) => faults.some((fault) => fault.type === type);
  const items = has('unknown-vocabulary') ? page.items.map(withUnknownWords) : page.items;
  return {
    ...page,
    items: has('optional-fields-null') ? items.map(withNulls) : items,
    ...(has('links-null') && { _links: null }),
    ...(has('unknown-vocabulary') && { unheardOf: { entirely: true } }),
  };
}

const PAGE_FAULTS: ReadonlySet<Fault['type']> = new Set([
  'optional-fields-null',
  'unknown-vocabulary',
  'insert-event',
  'duplicate-on-two-pages',
  'ascending-order',
  'ties-reordered',
  'links-null',
]);

const UNHEARD_OF = 'unheard_of';

function withNulls({ impact, experiments, ...event }: FlagEventRep): object {
  return {
    environmentId: null,
    environmentKey: null,
    auditLogEntryId: null,
    member: null,
    actions: null,
    ...event,
    impact: { size: null, percentage: null, reason: null, evaluationsSummary: null, ...impact },
    experiments: experiments
      ? {
          ...experiments,
          items: experiments.items.map(({ iteration, ...experiment }) => ({
            _links: null,
            ...experiment,
            iteration: { endedAt: null, _links: null, ...iteration },
          })),
        }
      : null,
  };
}

function withUnknownWords({ impact, experiments, ...event }: FlagEventRep): FlagEventRep {
  const extra = { unheardOf: ['entirely'] };
  return {
    ...event,
    eventType: UNHEARD_OF,
    ...extra,
    impact: { ...impact, ...extra, reason: UNHEARD_OF },
    ...(experiments && {
      experiments: {
        ...experiments,
        items: experiments.items.map((experiment) => ({
          ...experiment,
          iteration: { ...experiment.iteration, status: UNHEARD_OF },
        })),
      },
    }),
  };
}
