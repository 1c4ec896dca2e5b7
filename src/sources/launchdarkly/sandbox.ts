/**
 * A LaunchDarkly on the loopback interface: the embedded default of the gateway and the upstream of its tests. It speaks
 * the real wire format over HTTP. Where LaunchDarkly's documentation is silent, it makes one strict choice, or offers both as a switch.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createStory, type Story } from '../story.ts';
import { type AuditLogEntryRep, renderAuditLog } from './sandbox/audit-data.ts';
import { type AuditLog, type AuditLogOptions, createAuditLog } from './sandbox/audit-log.ts';
import { applicationsOf, type FlagEventRep, renderFlagEvents } from './sandbox/data.ts';
import { createFaults, type Fault, type FaultOptions, isAboutPages } from './sandbox/faults.ts';
import { createRateLimiter, type RateLimits } from './sandbox/limits.ts';
import { createFlagEventLog, type FlagEventLog } from './sandbox/log.ts';
import { type Answer, error, findRoute, methodOf, NOT_FOUND, type Route } from './sandbox/routes.ts';

export type * from './sandbox/audit-data.ts';
export type * from './sandbox/data.ts';
export type { Fault, FaultOptions } from './sandbox/faults.ts';
export type { RateLimits } from './sandbox/limits.ts';

export interface LaunchDarklySandboxOptions {
  /** Served as they are. Rendered from `story` unless given. */
  events?: readonly FlagEventRep[];
  /** @default createStory({ seed: 1, now: now() }) */
  story?: Story;
  /** The audit log, served as it is. Rendered from `story`, where the events are; empty otherwise. */
  auditLog?: readonly AuditLogEntryRep[];
  /** Where LaunchDarkly's documentation of the audit log is silent. */
  auditLogRules?: Omit<AuditLogOptions, 'now'>;
  /** Project key to environment keys, besides those that the events name. */
  environments?: Readonly<Record<string, readonly string[]>>;
  /** Flag key to application keys, for `applicationKey`. With a story: one for its project, and `com.example.api`. */
  applications?: Readonly<Record<string, readonly string[]>>;
  /** Unix milliseconds. @default Date.now */
  now?: () => number;
  /** @default 'api-00000000-0000-4000-8000-000000000000' */
  token?: string;
  /** Whether links repeat the request's parameters or, as in the published sample, hold the cursor alone. @default 'full' */
  linkStyle?: 'full' | 'sample';
  /** Whether a `limit` out of range is clamped rather than refused. @default false */
  clampLimit?: boolean;
  /** @default 'substring' */
  queryMatch?: 'substring' | 'exact';
  rateLimit?: RateLimits;
  /** @default 0, any free port */
  port?: number;
}

export interface SandboxRequest {
  method: string;
  /** As sent, without the query. */
  path: string;
  query: Record<string, string>;
  /** The query as sent, without its question mark. */
  search: string;
  headers: IncomingHttpHeaders;
  /** The JSON that was sent; left out if there was none. */
  body?: unknown;
}

export interface LaunchDarklySandbox extends AsyncDisposable {
  /** Without a trailing slash. */
  url: string;
  token: string;
  readonly projects: { key: string; environments: string[] }[];
  /** In order of arrival; beyond ten thousand the oldest are forgotten. */
  requests: SandboxRequest[];
  faults: {
    /**
     * Befalls every request to a known path except `OPTIONS`, unless `times` and `when` say otherwise. Faults add up; a
     * fault about pages leaves the other routes alone, and is not used up by them.
     * @returns a function that takes this fault away again
     */
    add(fault: Fault, options?: FaultOptions<SandboxRequest>): () => void;
    clear(): void;
  };
  /** Appears in the log at once, served as it is. An event with the same id is replaced. */
  insert(event: FlagEventRep): void;
  /** Appears in the audit log at once. An entry with the same id is replaced. */
  insertEntry(entry: AuditLogEntryRep): void;
  /** Ends open connections and pending answers. */
  close(): Promise<void>;
}

export async function startLaunchDarklySandbox(options: LaunchDarklySandboxOptions = {}): Promise<LaunchDarklySandbox> {
  const { now = Date.now, token = DEFAULT_TOKEN } = options;
  const story = options.events ? null : (options.story ?? createStory({ seed: 1, now: now() }));
  const log = createLog(options, story, now);
  const auditLog = createAuditLog({ now, ...options.auditLogRules });
  for (const entry of options.auditLog ?? (story ? renderAuditLog(story) : [])) {
    auditLog.insert(entry);
  }
  const respond = createResponder({ log, auditLog, now, token, rateLimit: options.rateLimit ?? {} });
  const faults = createFaults<SandboxRequest>();
  const requests: SandboxRequest[] = [];
  const pending = new Set<NodeJS.Timeout>();

  function receive(message: IncomingMessage, response: ServerResponse): void {
    if (message.method !== 'POST') {
      message.resume();
      answerTo(toRequest(message), message, response);
      return;
    }
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => answerTo(toRequest(message, Buffer.concat(chunks).toString()), message, response));
  }

  function answerTo(request: SandboxRequest, message: IncomingMessage, response: ServerResponse): void {
    requests.push(request);
    if (requests.length > REMEMBERED_REQUESTS) {
      requests.shift();
    }
    const route = findRoute(request.path, request.method);
    const isImmune = !route || request.method === 'OPTIONS';
    const befalling = isImmune
      ? []
      : faults.take(request, (fault) => route.name === 'flag-events' || !isAboutPages(fault));
    const answer = respond(request, message.socket.remoteAddress ?? '', befalling);
    for (const fault of befalling) {
      if (fault.type === 'insert-event') {
        log.insert(fault.event);
      }
    }
    const delayMs = befalling.reduce((total, fault) => total + (fault.type === 'slow' ? fault.delayMs : 0), 0);
    const isCut = befalling.some(({ type }) => type === 'closed-mid-body');
    const send = () => sendAnswer(response, answer, { now: now(), origin: request.headers.origin, isCut });
    if (delayMs === 0) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      pending.delete(timer);
      send();
    }, delayMs);
    pending.add(timer);
  }

  const server = createServer(receive);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The LaunchDarkly sandbox has no port.');
  }

  async function close(): Promise<void> {
    for (const timer of pending) {
      clearTimeout(timer);
    }
    pending.clear();
    await new Promise<void>((resolve) => {
      // Closing twice is not an error.
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    token,
    get projects() {
      return log.projects();
    },
    requests,
    faults: { add: faults.add, clear: faults.clear },
    insert: (event) => log.insert(event),
    insertEntry: (entry) => auditLog.insert(entry),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const DEFAULT_TOKEN = 'api-00000000-0000-4000-8000-000000000000';
const REMEMBERED_REQUESTS = 10_000;

function createLog(options: LaunchDarklySandboxOptions, story: Story | null, now: () => number): FlagEventLog {
  const { events, linkStyle = 'full', clampLimit = false, queryMatch = 'substring', environments = {} } = options;
  const log = createFlagEventLog({
    now,
    linkStyle,
    clampLimit,
    queryMatch,
    applications: { ...(story && applicationsOf(story)), ...options.applications },
    environments: {
      ...(story && Object.fromEntries(story.projects.map(({ key }) => [key, story.environments]))),
      ...environments,
    },
  });
  for (const event of events ?? (story ? renderFlagEvents(story) : [])) {
    log.insert(event, { isMeasured: story !== null });
  }
  return log;
}

interface ResponderOptions {
  log: FlagEventLog;
  auditLog: AuditLog;
  now: () => number;
  token: string;
  rateLimit: RateLimits;
}

/** Checks in this order: path, `OPTIONS`, faults, token, rate limit, method, beta header, then what the route checks. */
function createResponder({ auditLog, log, now, token, rateLimit }: ResponderOptions) {
  const limiter = createRateLimiter(rateLimit, now);

  function respond(request: SandboxRequest, address: string, faults: readonly Fault[]): Answer {
    const route = findRoute(request.path, request.method);
    if (!route) {
      return NOT_FOUND;
    }
    if (request.method === 'OPTIONS') {
      return { status: 204, body: null };
    }
    const failure = faults.map((fault) => toFailure(fault, now())).find((answer) => answer !== undefined);
    if (failure) {
      return failure;
    }
    // The token alone, with no scheme before it. @see https://launchdarkly.com/docs/api#authentication
    if (request.headers.authorization !== token) {
      return UNAUTHORIZED;
    }
    const { isAdmitted, headers } = limiter.admit({ route: `${request.method} ${route.name}`, token, address });
    const answer = isAdmitted ? respondToAdmitted(route, request, faults) : RATE_LIMITED;
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  function respondToAdmitted(route: Route, request: SandboxRequest, faults: readonly Fault[]) {
    if (request.method !== methodOf(route)) {
      return error(405, 'method_not_allowed', 'Method not allowed');
    }
    if (route.isBeta && request.headers['ld-api-version'] !== 'beta') {
      return BETA_HEADER_MISSING;
    }
    const captured = (route.pattern.exec(request.path) ?? []).slice(1).map(decodeSegment);
    const parameters = new URLSearchParams(request.search);
    return route.answer({
      log,
      auditLog,
      token,
      path: request.path,
      parameters,
      body: request.body,
      faults,
      captured,
    });
  }

  return respond;
}

const UNAUTHORIZED = error(401, 'unauthorized', 'Invalid access token');
const RATE_LIMITED = error(429, 'rate_limited', "You've exceeded the API rate limit. Try again later.");

// Unlike every other error it has no code. @see https://github.com/launchdarkly/api-client-go/issues/21
const BETA_HEADER_MISSING: Answer = {
  status: 403,
  body: {
    message: 'This API is in beta. To use it, your request must include the header `LD-API-Version: beta`.',
  },
};

/** `undefined`: the fault does not replace the answer. */
function toFailure(fault: Fault, now: number): Answer | undefined {
  switch (fault.type) {
    case 'rate-limited-without-reset':
      return RATE_LIMITED;
    case 'rate-limited-reset-in-past':
      return { ...RATE_LIMITED, headers: { 'X-Ratelimit-Reset': String(now - (fault.agoMs ?? 60_000)) } };
    case 'rate-limited-retry-after':
      return { ...RATE_LIMITED, headers: { 'Retry-After': String(fault.seconds) } };
    case 'unauthorized-empty-body':
      return { status: 401, body: null };
    case 'forbidden-without-code':
      return BETA_HEADER_MISSING;
    case 'html-error':
      return {
        status: fault.status,
        body: `<html><body><h1>${fault.status}</h1></body></html>`,
        headers: { 'Content-Type': 'text/html' },
      };
    case 'unavailable':
      return error(503, 'service_unavailable', 'Requested service unavailable');
    case 'answer':
      return { status: fault.status, body: fault.body, headers: fault.headers ?? {} };
    default:
      return undefined;
  }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Split by hand: `new URL` would take the double slash of `//api/…` for a host. */
function toRequest({ url = '/', method = 'GET', headers }: IncomingMessage, text = ''): SandboxRequest {
  const [path = '/'] = url.split('?', 1);
  const search = url.slice(path.length + 1);
  const query = Object.fromEntries(new URLSearchParams(search));
  return { method, path, search, query, headers, ...(text !== '' && { body: parseJson(text) }) };
}

/** What is no JSON comes as it is, for the routes to refuse. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Any origin may read; note that a browser may not send the beta header. @see https://launchdarkly.com/docs/api#cors */
function corsHeaders(origin: string | undefined): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': origin ?? '*',
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Headers': 'Accept, Content-Type, Content-Length, Accept-Encoding, Authorization',
    'Access-Control-Allow-Methods': 'OPTIONS, GET, DELETE, PATCH',
  };
}

interface SendOptions {
  now: number;
  origin: string | undefined;
  /** The connection breaks half way through the body. */
  isCut: boolean;
}

function sendAnswer(response: ServerResponse, { status, body, headers }: Answer, options: SendOptions): void {
  const text = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    ...(text !== '' && { 'Content-Type': 'application/json' }),
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(text) }),
    Date: new Date(options.now).toUTCString(),
    ...corsHeaders(options.origin),
    ...headers,
  });
  if (options.isCut) {
    response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.destroy());
    return;
  }
  response.end(text);
}
