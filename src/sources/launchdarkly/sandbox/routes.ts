/** The routes of the sandbox: what each answers to a request that passed the checks common to all. */
import type { AuditLog } from './audit-log.ts';
import { environmentIdOf, hexadecimalId, projectIdOf } from './data.ts';
import { distortPage, type Fault, pageFaultsOf } from './faults.ts';
import type { FlagEventLog, ParameterProblem } from './log.ts';

export interface Answer {
  status: number;
  /** A string is sent as it is, anything else as JSON, `null` as nothing. */
  body: unknown;
  headers?: Record<string, string>;
}

export interface Route {
  /** @default 'GET' */
  method?: 'GET' | 'POST';
  pattern: RegExp;
  /** Rate limits count a method and a path pattern, whatever project it is about. */
  name: string;
  isBeta: boolean;
  answer(call: RouteCall): Answer;
}

export interface RouteCall {
  log: FlagEventLog;
  auditLog: AuditLog;
  token: string;
  path: string;
  parameters: URLSearchParams;
  /** The request's JSON; `undefined` without one. */
  body: unknown;
  faults: readonly Fault[];
  /** What the path pattern captured. */
  captured: string[];
}

const ROUTES: Route[] = [
  {
    pattern: /^\/api\/v2\/engineering-insights\/flag-events$/,
    name: 'flag-events',
    isBeta: true,
    answer: answerFlagEvents,
  },
  { pattern: /^\/api\/v2\/projects$/, name: 'projects', isBeta: false, answer: answerProjects },
  {
    pattern: /^\/api\/v2\/projects\/([^/]+)\/environments$/,
    name: 'environments',
    isBeta: false,
    answer: answerEnvironments,
  },
  {
    pattern: /^\/api\/v2\/auditlog$/,
    name: 'auditlog',
    isBeta: false,
    answer: (call) => answerAuditLog(call.auditLog.list(call)),
  },
  {
    method: 'POST',
    pattern: /^\/api\/v2\/auditlog$/,
    name: 'auditlog',
    isBeta: false,
    answer: (call) => answerAuditLog(call.auditLog.search(call)),
  },
  {
    method: 'POST',
    pattern: /^\/api\/v2\/auditlog\/counts$/,
    name: 'auditlog/counts',
    isBeta: false,
    answer: (call) => answerAuditLog(call.auditLog.count(call)),
  },
  {
    pattern: /^\/api\/v2\/auditlog\/([^/]+)$/,
    name: 'auditlog/entry',
    isBeta: false,
    answer: ({ auditLog, captured }) => {
      const entry = auditLog.read(captured[0] ?? '');
      return entry ? { status: 200, body: entry } : NOT_FOUND;
    },
  },
  { pattern: /^\/api\/v2\/caller-identity$/, name: 'caller-identity', isBeta: false, answer: answerCallerIdentity },
];

/** The path's route for the method, else one of the path's other methods. */
export function findRoute(path: string, method: string): Route | undefined {
  const routes = ROUTES.filter(({ pattern }) => pattern.test(path));
  return routes.find((route) => methodOf(route) === method) ?? routes[0];
}

export function methodOf({ method = 'GET' }: Route): string {
  return method;
}

export const error = (status: number, code: string, message: string): Answer => ({ status, body: { code, message } });

export const NOT_FOUND = error(404, 'not_found', 'Invalid resource identifier');

function answerFlagEvents({ log, parameters, faults }: RouteCall): Answer {
  const answer = log.answer(parameters, pageFaultsOf(faults));
  if ('problems' in answer) {
    return invalid(answer.problems);
  }
  return 'unknown' in answer ? NOT_FOUND : { status: 200, body: distortPage(answer.page, faults) };
}

function answerAuditLog(answer: { page: object } | { counts: object } | { problems: ParameterProblem[] }): Answer {
  if ('problems' in answer) {
    return invalid(answer.problems);
  }
  return { status: 200, body: 'page' in answer ? answer.page : answer.counts };
}

function answerProjects(call: RouteCall): Answer {
  const expandsEnvironments = call.parameters.get('expand')?.split(',').includes('environments') ?? false;
  const [, keys] = /^keys:(.*)$/.exec(call.parameters.get('filter') ?? '') ?? [];
  const wanted = keys?.split('|');
  const projects = call.log.projects().filter(({ key }) => wanted?.includes(key) ?? true);
  return paginate(call, projects, ({ key, environments }) => ({
    _id: projectIdOf(key),
    key,
    name: titleOf(key),
    includeInSnippetByDefault: false,
    tags: [],
    _links: { self: link(`/api/v2/projects/${key}`) },
    // As in reality, the first twenty of them.
    ...(expandsEnvironments && {
      environments: {
        totalCount: environments.length,
        items: environments.slice(0, DEFAULT_LIMIT).map((environment) => renderEnvironment(key, environment)),
        _links: { self: link(`/api/v2/projects/${key}/environments`) },
      },
    }),
  }));
}

function answerEnvironments(call: RouteCall): Answer {
  const project = call.log.projects().find(({ key }) => key === call.captured[0]);
  return project
    ? paginate(call, project.environments, (environment) => renderEnvironment(project.key, environment))
    : NOT_FOUND;
}

/** With the SDK and mobile keys, as in reality: readers have to drop them. These open nothing. */
function renderEnvironment(project: string, key: string): object {
  return {
    _id: environmentIdOf(project, key),
    key,
    name: titleOf(key),
    apiKey: `sdk-sandbox-${project}-${key}`,
    mobileKey: `mob-sandbox-${project}-${key}`,
    color: '417505',
    defaultTtl: 0,
    secureMode: false,
    defaultTrackEvents: false,
    requireComments: false,
    confirmChanges: false,
    tags: [],
    critical: key === 'production',
    _links: { self: link(`/api/v2/projects/${project}/environments/${key}`) },
  };
}

function answerCallerIdentity({ token }: RouteCall): Answer {
  return {
    status: 200,
    body: {
      accountId: hexadecimalId('account'),
      authKind: 'token',
      tokenKind: 'auth',
      tokenId: hexadecimalId(`token ${token}`),
      tokenName: 'Sandbox token',
      serviceToken: true,
      scopes: ['read'],
    },
  };
}

const DEFAULT_LIMIT = 20;

/** Offset paging, with links to the pages that exist. */
function paginate<T>({ path, parameters }: RouteCall, rows: readonly T[], render: (row: T) => object): Answer {
  const read = (name: string, missing: number) => Number(parameters.get(name) || missing);
  const [limit, offset] = [read('limit', DEFAULT_LIMIT), read('offset', 0)];
  const problems = [
    ...(Number.isInteger(limit) && limit > 0 ? [] : [{ attribute: 'limit', reason: 'must be a positive integer' }]),
    ...(Number.isInteger(offset) && offset >= 0 ? [] : [{ attribute: 'offset', reason: 'must not be negative' }]),
  ];
  if (problems.length > 0) {
    return invalid(problems);
  }
  const page = (start: number) => {
    const search = new URLSearchParams(parameters);
    search.set('limit', String(limit));
    search.set('offset', String(start));
    return link(`${path}?${search}`);
  };
  return {
    status: 200,
    body: {
      totalCount: rows.length,
      items: rows.slice(offset, offset + limit).map(render),
      _links: {
        self: link(parameters.size === 0 ? path : `${path}?${parameters}`),
        ...(offset > 0 && { first: page(0), prev: page(Math.max(0, offset - limit)) }),
        ...(offset + limit < rows.length && {
          next: page(offset + limit),
          last: page(Math.floor((rows.length - 1) / limit) * limit),
        }),
      },
    },
  };
}

function invalid(errors: ParameterProblem[]): Answer {
  return { status: 400, body: { code: 'invalid_request', message: 'validation failed', errors } };
}

const link = (href: string) => ({ href, type: 'application/json' });

const titleOf = (key: string) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll('-', ' ');
