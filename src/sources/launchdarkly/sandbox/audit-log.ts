/** What the audit log's routes do once a request has got that far: parameters, statements, order and links. */
import type { AuditLogEntryListingRep, AuditLogEntryRep } from './audit-data.ts';
import type { Link } from './data.ts';
import type { ParameterProblem } from './log.ts';
import { areAllowed, type StatementPost } from './specifier.ts';

export const AUDIT_LOG_PATH = '/api/v2/auditlog';

export interface AuditLogOptions {
  now: () => number;
  /** Whether `before` and `after` leave out the instant itself, as their descriptions read, or not. @default 'exclusive' */
  ends?: 'exclusive' | 'inclusive';
  /** Whether the answers to POST have links: their body is not in a URL. @default true */
  linksOfSearch?: boolean;
  /** How long after its `date` an entry can be read. @default 0 */
  delayMs?: number;
  /** Whether entries of one millisecond come in another sequence at every call. @default false */
  shufflesTies?: boolean;
}

export interface AuditLogPage {
  items: AuditLogEntryListingRep[];
  _links: Record<string, Link>;
}

export interface AuditLogCounts {
  buckets: { timestamp: number; count: number }[];
  totalCount: number;
  bucketIntervalMs: number;
}

export interface AuditLogQuery {
  parameters: URLSearchParams;
  /** As it was sent; `undefined` without one. */
  body?: unknown;
}

export interface AuditLog {
  /** Adds an entry, or replaces the one with its id. */
  insert(entry: AuditLogEntryRep): void;
  list(query: AuditLogQuery): { page: AuditLogPage } | { problems: ParameterProblem[] };
  search(query: AuditLogQuery): { page: AuditLogPage } | { problems: ParameterProblem[] };
  count(query: AuditLogQuery): { counts: AuditLogCounts } | { problems: ParameterProblem[] };
  /** `undefined`: there is none, or not yet. */
  read(id: string): AuditLogEntryRep | undefined;
}

export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { delayMs = 0, ends = 'exclusive', linksOfSearch = true, now, shufflesTies = false } = options;
  const entries = new Map<string, AuditLogEntryRep>();
  let calls = 0;

  /** Newest first; of the same millisecond the larger id. */
  function select({ after, before, q, statements }: Asked): AuditLogEntryRep[] {
    calls += 1;
    const edge = ends === 'exclusive' ? 0 : 1;
    return [...entries.values()]
      .filter(
        ({ accesses, date, name }) =>
          date < before + edge &&
          date > after - edge &&
          date <= now() - delayMs &&
          (q === '' || name.toLowerCase().includes(q.toLowerCase())) &&
          areAllowed(statements, accesses),
      )
      .sort((a, b) => b.date - a.date || compareTied(a._id, b._id));
  }

  function compareTied(a: string, b: string): number {
    const [one, other] = shufflesTies ? [rank(a, calls), rank(b, calls)] : [a, b];
    return one === other ? 0 : one < other ? 1 : -1;
  }

  function toPage(asked: Asked, parameters: URLSearchParams, hasLinks: boolean): AuditLogPage {
    const matching = select(asked);
    const rows = matching.slice(0, asked.limit);
    const last = rows.at(-1);
    const next = new URLSearchParams(parameters);
    next.set('before', String(last?.date));
    next.set('limit', String(asked.limit));
    const hasNext = hasLinks && last !== undefined && rows.length < matching.length;
    return {
      items: rows.map(toListing),
      _links: {
        self: link(parameters.size === 0 ? AUDIT_LOG_PATH : `${AUDIT_LOG_PATH}?${parameters}`),
        // As recorded: the same query, from the last entry's moment on. Entries of that millisecond are lost that way.
        ...(hasNext && { next: link(`${AUDIT_LOG_PATH}?${next}`) }),
      },
    };
  }

  return {
    insert: (entry) => void entries.set(entry._id, entry),
    list({ parameters }) {
      const { asked, problems } = parse(parameters, undefined, now());
      const spec = parameters.get('spec');
      const statements: StatementPost[] = spec ? [{ effect: 'allow', resources: [spec] }] : [];
      return problems.length > 0 ? { problems } : { page: toPage({ ...asked, statements }, parameters, true) };
    },
    search({ body, parameters }) {
      const { asked, problems } = parse(parameters, body, now());
      return problems.length > 0 ? { problems } : { page: toPage(asked, parameters, linksOfSearch) };
    },
    count({ body, parameters }) {
      const { asked, problems } = parse(parameters, body ?? null, now());
      if (!parameters.get('after')) problems.push({ attribute: 'after', reason: 'must be present' });
      const wanted = Number(parameters.get('buckets') || 50);
      if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_BUCKETS)) {
        problems.push({ attribute: 'buckets', reason: `must be an integer from 1 to ${MAX_BUCKETS}` });
      }
      if (problems.length > 0) return { problems };
      const bucketIntervalMs = Math.max(1, Math.ceil((asked.before - asked.after) / wanted));
      const rows = select(asked);
      const buckets = Array.from({ length: wanted }, (_, index) => {
        const timestamp = asked.after + index * bucketIntervalMs;
        const isIn = ({ date }: AuditLogEntryRep) => date >= timestamp && date < timestamp + bucketIntervalMs;
        return { timestamp, count: rows.filter(isIn).length };
      });
      return { counts: { buckets, totalCount: rows.length, bucketIntervalMs } };
    },
    read(id) {
      const entry = entries.get(id);
      return entry && entry.date <= now() - delayMs ? entry : undefined;
    },
  };
}

const MAX_PAGE = 20;
const MAX_BUCKETS = 500;

interface Asked {
  before: number;
  after: number;
  q: string;
  limit: number;
  statements: StatementPost[];
}

/** `body`: `undefined` where there is none, `null` where one is missing. Reports every problem. */
function parse(parameters: URLSearchParams, body: unknown, now: number) {
  const problems: ParameterProblem[] = [];
  const complain = (attribute: string, reason: string) => void problems.push({ attribute, reason });

  function readInteger(name: string, missing: number): number {
    const value = parameters.get(name) || String(missing);
    if (/^-?\d{1,15}$/.test(value)) return Number(value);
    complain(name, 'must be an integer');
    return missing;
  }

  const limit = readInteger('limit', 10);
  if (limit > MAX_PAGE) complain('limit', `must be less than or equal to ${MAX_PAGE}`);
  if (limit < 1) complain('limit', 'must be greater than or equal to 1');
  const asked: Asked = {
    before: readInteger('before', now + 1),
    after: readInteger('after', -1),
    q: parameters.get('q') ?? '',
    limit,
    statements: readStatements(body, complain),
  };
  return { asked, problems };
}

function readStatements(body: unknown, complain: (attribute: string, reason: string) => void): StatementPost[] {
  if (body === undefined) return [];
  if (!Array.isArray(body)) {
    complain('statements', 'must be an array');
    return [];
  }
  for (const statement of body as Partial<StatementPost>[]) {
    const { actions, effect, notActions, notResources, resources } = statement ?? {};
    if (effect !== 'allow' && effect !== 'deny') complain('effect', 'must be one of allow, deny');
    if (resources && notResources) complain('notResources', 'must not be combined with resources');
    if (actions && notActions) complain('notActions', 'must not be combined with actions');
  }
  return body as StatementPost[];
}

/** What only the call by id has is left out. */
function toListing(entry: AuditLogEntryRep): AuditLogEntryListingRep {
  const {
    currentVersion: _current,
    delta: _delta,
    merge: _merge,
    previousVersion: _previous,
    subentries: _subentries,
    triggerBody: _triggerBody,
    ...listing
  } = entry;
  return listing;
}

/** Another one for the same id at every call. */
function rank(id: string, call: number): number {
  return [...id].reduce((value, character) => (value * 31 + character.charCodeAt(0)) % 1_000_003, call * 7_919);
}

const link = (href: string): Link => ({ href, type: 'application/json' });
