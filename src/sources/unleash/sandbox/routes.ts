import type { SandboxEvent } from './event.ts';
import { spoilEvents, type UnleashFault, type WireEvent } from './faults.ts';
import { isAtLeast, normalised, onlyValue, type Page, Refused, searchEvents, unknownError } from './search.ts';
import type { EventStore } from './store.ts';
import { wordingOf } from './wording.ts';

export interface Answer {
  status: number;
  /** Text is HTML, everything else JSON. */
  body: unknown;
  headers?: Record<string, string>;
}

export interface Call {
  method: string;
  /** Below the base path. */
  path: string;
  query: URLSearchParams;
  authorization: string | undefined;
}

export interface Instance {
  store: EventStore;
  users: { id: number; name: string }[];
  /** As the Enterprise edition lists them. */
  projects: { id: string; name: string }[];
  environments: string[];
  version: string;
  token: string;
  clientToken: string;
}

/** What a reader of events may ask of Unleash's admin API. The result @throws {@link Refused} */
export function createApi(instance: Instance): (call: Call, due: UnleashFault[]) => Answer {
  return (call, due) => {
    if (call.path === '/health') return ok({ health: 'GOOD' });
    // A wrong address does not look like one: outside of the API everything is the page of the user interface.
    if (!call.path.startsWith('/api/')) return page(200, 'Unleash');
    checkToken(instance, call.authorization);
    const route = call.method === 'GET' ? ROUTES.find(({ pattern }) => pattern.test(call.path)) : undefined;
    if (route === undefined || !isAtLeast(instance.version, route.since)) throw notFound(call.path);
    const [, parameter = ''] = route.pattern.exec(call.path) ?? [];
    return ok(route.answer({ ...instance, ...call, due, parameter }));
  };
}

interface Scene extends Instance, Call {
  due: UnleashFault[];
  parameter: string;
}

const ROUTES: { pattern: RegExp; since: string; answer: (scene: Scene) => unknown }[] = [
  { pattern: /^\/api\/admin\/search\/events$/u, since: '6.1.0', answer: search },
  { pattern: /^\/api\/admin\/events$/u, since: '1.0.0', answer: newestOfAll },
  { pattern: /^\/api\/admin\/events\/([^/]+)$/u, since: '1.0.0', answer: newestOfFlag },
  { pattern: /^\/api\/admin\/event-creators$/u, since: '6.2.0', answer: creators },
  { pattern: /^\/api\/admin\/projects$/u, since: '1.0.0', answer: projects },
  { pattern: /^\/api\/admin\/environments$/u, since: '4.0.0', answer: environments },
  { pattern: /^\/api\/admin\/ui-config$/u, since: '1.0.0', answer: uiConfig },
];

function search({ store, query, version, due }: Scene): unknown {
  const isShuffled = due.some(({ kind }) => kind === 'shuffled-ties');
  const { events, total } = searchEvents(isShuffled ? store.shuffled() : store.ordered(), query, version);
  const poisons = due.flatMap((fault) => (fault.kind === 'poison' ? [fault.id] : []));
  // One event the summary cannot be written for, and the page is lost.
  if (events.some(({ id }) => poisons.includes(id))) {
    throw unknownError("Cannot read properties of undefined (reading 'length')");
  }
  const rows = events.map((event) => ({ ...toWire(event, version), ...wordingFor(event, version) }));
  return { events: due.reduce(spoilEvents, rows), total };
}

function newestOfAll({ store, query, version }: Scene): unknown {
  const project = onlyValue(query, 'project');
  const events = store.ordered();
  const found = project
    ? newest({ project: `IS:${project}` }, store, version)
    : { events: events.slice(0, 100), total: events.length };
  return { version: 1, ...legacyPage(found, version) };
}

function newestOfFlag({ store, version, parameter }: Scene): unknown {
  const toggleName = decoded(parameter);
  return { version: 1, toggleName, ...legacyPage(newest({ feature: `IS:${toggleName}` }, store, version), version) };
}

function newest(filter: Record<string, string>, store: EventStore, version: string): Page {
  const limit = isAtLeast(version, '7.0.0') ? '50' : '100';
  return searchEvents(store.ordered(), new URLSearchParams({ ...filter, limit }), version);
}

function legacyPage({ events, total }: Page, version: string): { events: WireEvent[]; totalEvents: number } {
  return { events: events.map((event) => toWire(event, version)), totalEvents: total };
}

function creators({ store, users }: Scene): unknown {
  const wellKnown = [
    { id: -1337, name: 'Unleash System' },
    { id: -42, name: 'Unleash Admin Token' },
  ];
  const names = new Map(store.ordered().map(({ createdByUserId, createdBy }) => [createdByUserId, createdBy]));
  const named = [...names].map(([id, createdBy]) => {
    return { id, name: [...wellKnown, ...users].find((user) => user.id === id)?.name ?? createdBy };
  });
  // Nobody's id is sent as 0, after all the others, as Postgres sorts it.
  const rank = (id: number | null) => id ?? Number.POSITIVE_INFINITY;
  return named.toSorted((a, b) => rank(a.id) - rank(b.id)).map(({ id, name }) => ({ id: id ?? 0, name }));
}

function projects(instance: Scene): unknown {
  const rows = instance.projects.map(({ id, name }) => ({
    ...{ id, name, description: null, mode: 'open', visibility: 'open', health: 100, archivedAt: null },
    ...{ favorite: false, featureCount: 0, memberCount: 0, createdAt: '2025-01-01T00:00:00.000Z' },
  }));
  return { version: 1, projects: rows };
}

function environments(instance: Scene): unknown {
  const rows = instance.environments.map((name, index) => ({
    ...{ name, type: name === 'production' ? 'production' : 'development', sortOrder: index + 1 },
    ...{ enabled: true, protected: false, projectCount: instance.projects.length, apiTokenCount: 0 },
    ...{ enabledToggleCount: 0 },
  }));
  return { version: 1, environments: rows };
}

function uiConfig({ version }: Scene): unknown {
  const current = { oss: version, enterprise: '' };
  return {
    environment: 'Open Source',
    flags: {},
    version,
    name: 'Unleash',
    unleashUrl: 'http://localhost:4242',
    baseUriPath: '',
    versionInfo: { current, latest: {}, isLatest: true, instanceId: '00000000-0000-4000-8000-000000000000' },
  };
}

function toWire({ createdAtMicros, groupType, groupId, ...event }: SandboxEvent, version: string): WireEvent {
  const { id, type, createdBy, createdByUserId, data, preData, tags, featureName, project, environment } = event;
  const createdAt = createdAtMicros === null ? null : new Date(Math.floor(createdAtMicros / 1000)).toISOString();
  const group = groupId !== undefined && isAtLeast(version, '7.0.4') ? { groupType, groupId } : {};
  return {
    ...{ id, type, createdBy, createdAt, createdByUserId, data, preData: normalised(preData), tags },
    ...{ featureName, project, environment, ...group },
  };
}

function wordingFor(event: SandboxEvent, version: string): WireEvent {
  return isAtLeast(version, '6.3.0') ? wordingOf(event) : {};
}

function checkToken({ token, clientToken }: Instance, authorization: string | undefined): void {
  const sent = authorization?.replace(/^Bearer /iu, '');
  if (sent === token) return;
  if (sent === clientToken) {
    throw new Refused(403, { message: 'invalid token: expected a different token type for this endpoint' });
  }
  if (sent) throw refusal(401, 'UnauthorizedError', 'You must log in to use Unleash.');
  const login = '/auth/simple/login';
  const hint = `Your request had no authorization header, so we could not authorize you. Try logging in at ${login}`;
  const message = `You must log in to use Unleash. ${hint}`;
  throw refusal(401, 'AuthenticationRequired', message, { path: login, type: 'password', defaultHidden: false });
}

function notFound(path: string): Refused {
  return refusal(404, 'NotFoundError', `The path you were looking for (${path}) is not available.`);
}

function refusal(status: number, name: string, message: string, more: Record<string, unknown> = {}): Refused {
  return new Refused(status, { name, message, details: [{ message }], ...more });
}

function decoded(parameter: string): string {
  try {
    return decodeURIComponent(parameter);
  } catch {
    throw unknownError(`Failed to decode param '${parameter}'`);
  }
}

/** The answer a fault gives in the place of any other. */
export function answerInstead(fault: UnleashFault): Answer | undefined {
  switch (fault.kind) {
    case 'status':
      return { status: fault.status, body: fault.body ?? errorBody(fault.status) };
    case 'rate-limited':
      return tooMany(fault.retryAfterSeconds);
    case 'html':
      return page(fault.status ?? 200, 'Please wait while we check your browser');
    default:
      return undefined;
  }
}

function errorBody(status: number): unknown {
  const words: Record<number, [name: string, message: string]> = {
    401: ['UnauthorizedError', 'You must log in to use Unleash.'],
    403: ['PermissionError', 'To perform this action, you need the "ADMIN" permission.'],
    500: ['UnknownError', 'select count(*) from "events" where "project" in ($1) limit $2 - Connection terminated'],
    503: ['MaintenanceError', 'Unleash is currently in maintenance mode.'],
  };
  const [name, message] = words[status] ?? ['UnknownError', `Status ${status}`];
  return status === 503 ? { message } : { name, message, details: [{ message }] };
}

function tooMany(seconds: number): Answer {
  const headers = {
    'ratelimit-policy': '15;w=60',
    'ratelimit-limit': '15',
    'ratelimit-remaining': '0',
    'ratelimit-reset': String(seconds),
    'retry-after': String(seconds),
  };
  return { status: 429, body: 'Too many requests, please try again later.', headers };
}

export function page(status: number, title: string): Answer {
  return {
    status,
    body: `<!DOCTYPE html>\n<html lang="en"><head><title>${title}</title></head><body></body></html>\n`,
  };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
