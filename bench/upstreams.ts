/** Both vendors in a process of their own. Over its channel it is told how slow to be, and asked how often it was called. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEvents, type PrintedEvent } from './events.ts';

const { launchDarkly, unleash } = await createEvents(Date.now());
const byEnvironment = new Map<string, PrintedEvent[]>();
let latencyMs = 0;
let calls = 0;

process.on('message', (message: { latencyMs?: number; count?: true }) => {
  if (message.latencyMs !== undefined) latencyMs = message.latencyMs;
  process.send?.({ calls });
});

const [launchDarklyUrl, unleashUrl] = await Promise.all([serve(answerLaunchDarkly), serve(answerUnleash)]);
process.send?.({ launchDarklyUrl, unleashUrl });

function answerLaunchDarkly({ pathname, search, searchParams: query }: URL): string {
  const environments = environmentsOf(query.get('projectKey') ?? pathname);
  if (pathname.endsWith('/environments')) {
    const items = environments.map((key) => `{"key":"${key}"}`);
    return `{"items":[${items}],"totalCount":${items.length}}`;
  }
  const all = eventsOf(query.get('environmentKey') ?? '', environments);
  const [from, to] = [Number(query.get('from')), Number(query.get('to'))];
  const [first, end] = [indexBelow(all, to + 1), indexBelow(all, from)];
  const offset = first + Number(query.get('after') ?? 0);
  const rows = all.slice(offset, Math.min(end, offset + Number(query.get('limit'))));
  const after = offset - first + rows.length;
  const parameters = new URLSearchParams(search);
  parameters.set('after', String(after));
  const next = after < end - first ? `{"next":{"href":"${pathname}?${parameters}"}}` : '{}';
  const isExpanded = query.get('expand') === 'experiments';
  const items = rows.map(({ expanded, text }) => (isExpanded ? expanded : text));
  return `{"items":[${items}],"totalCount":${end - first},"_links":${next}}`;
}

/** `many-19` has nineteen environments. */
function environmentsOf(project: string): string[] {
  const count = Number(/many-(\d+)/.exec(project)?.[1] ?? 1);
  return Array.from({ length: count }, (_, index) => `${project.replaceAll('/', '')}-${index}`);
}

/** The events are shared out among a project's environments. */
function eventsOf(environment: string, environments: readonly string[]): PrintedEvent[] {
  const known = byEnvironment.get(environment);
  if (known) return known;
  const own = Math.max(0, environments.indexOf(environment));
  const events = launchDarkly
    .filter((_, index) => index % environments.length === own)
    .map(({ expanded, text, time }) => ({ time, text: locate(text), expanded: locate(expanded) }));
  byEnvironment.set(environment, events);
  return events;

  function locate(text: string): string {
    return text.replace(/"environmentKey":"[^"]*"/, `"environmentKey":"${environment}"`);
  }
}

function answerUnleash({ pathname, searchParams: query }: URL): string {
  if (pathname.endsWith('/ui-config')) return '{"version":"8.2.0"}';
  if (pathname.endsWith('/event-creators')) return '[{"id":6,"name":"A person"}]';
  const end = indexBelow(unleash, Date.parse(query.get('from')?.slice(3) ?? '') || Number.NEGATIVE_INFINITY);
  const to = Date.parse(query.get('to')?.slice(3) ?? '');
  const first = Number.isNaN(to) ? 0 : indexBelow(unleash, to + 24 * 60 * 60 * 1000);
  const offset = first + Number(query.get('offset') ?? 0);
  const rows = unleash.slice(offset, Math.min(end, offset + Number(query.get('limit') ?? 50)));
  return `{"events":[${rows.map(({ text }) => text)}],"total":${end - first}}`;
}

/** How many events are at `time` or newer than it. */
function indexBelow(events: readonly PrintedEvent[], time: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.time ?? 0) >= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function serve(answer: (url: URL) => string): Promise<string> {
  const server = createServer((request, response) => {
    calls += 1;
    const body = Buffer.from(answer(new URL(request.url ?? '/', 'http://upstream')));
    if (latencyMs === 0) send(response, body);
    else setTimeout(send, latencyMs, response, body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}
