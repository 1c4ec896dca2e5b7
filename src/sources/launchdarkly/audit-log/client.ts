/** LaunchDarkly's audit log as far as the gateway calls it. Each kind of call is a route with a rate limit of its own. */
import { isAbsent, UpstreamError } from '../../../errors.ts';
import type { Upstream, UpstreamRequest } from '../../../http/upstream.ts';
import {
  type AuditLogCollectionRep,
  type AuditLogCountsRep,
  type AuditLogEntryRep,
  decodeAuditLogCollection,
  decodeAuditLogCounts,
  decodeAuditLogEntry,
  MAX_BUCKETS,
} from './wire.ts';

/** The documented maximum. @see https://launchdarkly.com/docs/api/audit-log/get-audit-log-entries */
export const MAX_ENTRIES = 20;

/** What may be done to what. `actions` restricts only where it is given. */
export interface Statement {
  effect: 'allow' | 'deny';
  /** Specifiers such as `proj/web:env/*:flag/*`. How many a call takes is not documented: no more than fifty are sent. */
  resources: string[];
  actions?: string[];
}

export interface AuditLogSearch {
  /** Unix milliseconds, neither of which is surely part of the window. */
  after: number;
  before: number;
  /** One statement that allows one resource is asked for by GET, and everything else by POST. */
  statements: readonly Statement[];
}

/** On whose account a call is made: see {@link UpstreamRequest}. `part` is the breaker. */
export type AuditLogCall = Pick<UpstreamRequest<unknown>, 'budget' | 'part' | 'isFresh' | 'isHeavy' | 'isOwed'>;

export interface AuditLogClient {
  /** Newest first, at most {@link MAX_ENTRIES}. */
  list(search: AuditLogSearch & { limit: number }, call: AuditLogCall): Promise<AuditLogCollectionRep>;
  count(search: AuditLogSearch, call: AuditLogCall): Promise<AuditLogCountsRep>;
  /** With the versions. Fails with status 404 if there is no such entry, or not yet. */
  read(id: string, call: AuditLogCall): Promise<AuditLogEntryRep>;
}

const PATH = '/api/v2/auditlog';
const FOR_EVER = () => Number.POSITIVE_INFINITY;

export function createAuditLogClient(upstream: Upstream): AuditLogClient {
  const headers = { 'ld-api-version': '20240415' };
  return {
    list({ after, before, limit, statements }, call) {
      const query = new URLSearchParams({ after: String(after), before: String(before), limit: String(limit) });
      const isOne = isAskedByGet(statements);
      if (isOne) query.set('spec', statements[0]?.resources.join() ?? '');
      return upstream.getJson({
        ...call,
        path: PATH,
        query,
        headers,
        ...(!isOne && { body: statements }),
        route: isOne ? PATH : `POST ${PATH}`,
        decode: decodeAuditLogCollection,
        maxAgeMs: FOR_EVER,
      });
    },
    count({ after, before, statements }, call) {
      const query = new URLSearchParams({ after: String(after), before: String(before), buckets: String(MAX_BUCKETS) });
      return upstream.getJson({
        ...call,
        path: `${PATH}/counts`,
        query,
        headers,
        body: statements,
        decode: decodeAuditLogCounts,
        maxAgeMs: FOR_EVER,
      });
    },
    async read(id, call) {
      try {
        return await upstream.getJson({
          ...call,
          path: `${PATH}/${encodeURIComponent(id.toWellFormed())}`,
          headers,
          route: `${PATH}/{id}`,
          decode: decodeAuditLogEntry,
          maxAgeMs: FOR_EVER,
        });
      } catch (error) {
        throw isAbsent(error) ? absentEntry(error) : error;
      }
    },
  };
}

export function absentEntry(cause?: unknown): UpstreamError {
  const message = 'LaunchDarkly has no such entry in its audit log, or not yet.';
  return new UpstreamError('UPSTREAM_UNAVAILABLE', message, { status: 404, cause });
}

/** One statement that allows one resource: recorded answers to GET have a link to the next page exactly if there is one. */
export function isAskedByGet([only, ...others]: readonly Statement[]): boolean {
  return only?.effect === 'allow' && only.resources.length === 1 && !only.actions && others.length === 0;
}

/** Every flag of a project, in these environments or in any. */
export function flagsOf(project: string, environments: readonly string[] | null, flag = '*'): string[] {
  return (environments ?? ['*']).map((environment) => resourceOf(project, environment, flag));
}

/** What is no key of LaunchDarkly's would mean something else in a specifier: it is searched for among all. */
export function resourceOf(project: string, environment: string, flag: string): string {
  const [p, e, f] = [project, environment, flag].map((key) => (KEY.test(key) ? key : '*'));
  return `proj/${p}:env/${e}:flag/${f}`;
}

const KEY = /^[\w.-]+$/;
