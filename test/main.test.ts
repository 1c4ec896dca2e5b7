import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../src/sources/unleash/sandbox.ts';
import { type GraphQLAnswer, listen } from './support/gateway.ts';
import {
  collect,
  environment,
  type GatewayProcess,
  node24,
  root,
  run,
  started,
  type Variables,
} from './support/gateway-process.ts';
import { type Running, transportNames, transports } from './support/transports.ts';

const FIRST_QUERY = '{ flagEvents(first: 100) { nodes { __typename id } sources { source { url } status } } }';

/** Holds no `gateway.config.ts`, and nothing else. */
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-main-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the process, with nothing configured,', () => {
  it('greets with one friendly message that says it is the sandbox and where to open it', async () => {
    await using gateway = await start();
    expect(
      gateway.output().replaceAll(gateway.url, '<url>').replaceAll(new URL('/', gateway.url).href, '<page>'),
    ).toMatchInlineSnapshot(`
      "Nothing is configured, so this is the sandbox: made-up events of launchdarkly (LaunchDarkly), unleash (Unleash), served by small servers on this machine.
      Open <url> in a browser and press the play button.
      The page that shows people what changed is at <page>
      To read real accounts, see "Point it at your accounts" in README.md.
      "
    `);
  });

  it('answers a first query with events of both vendors', async () => {
    await using gateway = await start();
    const { flagEvents } = await ask(gateway.url);
    const types = new Set(flagEvents.nodes.map((node) => node.__typename));
    expect([...types].toSorted()).toEqual(['LaunchDarklyFlagEvent', 'UnleashFlagEvent']);
    expect(flagEvents.sources.map(({ status }) => status)).toEqual(['OK', 'OK']);
  });

  it('serves a GraphiQL page that fetches nothing from elsewhere', async () => {
    await using gateway = await start();
    const response = await fetch(gateway.url, { headers: { accept: 'text/html' } });
    const page = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page).toContain('<title>Flag events</title>');
    expect(page).toContain('query WhatChanged');
    const fetching = /<(?:script|link|img|iframe)\b[^>]{0,200}\b(?:src|href)=["'](?:https?:)?\/\/[^"']*["']/g;
    expect(page.match(fetching)).toBeNull();
    expect(page).not.toMatch(/unpkg\.com|jsdelivr\.net|esm\.sh|cdnjs|(?:fetch|import|importScripts)\(["']https?:/);
    expect(page).not.toMatch(/@import\s+["']?(?:url)?|url\(["']?https?:/);
  });
});

describe('the process, with settings,', () => {
  it('reads what they point at, and does not speak of a sandbox', async () => {
    await using launchDarkly = await startLaunchDarklySandbox();
    await using unleash = await startUnleashSandbox();
    await using gateway = await start({
      LAUNCHDARKLY_ACCESS_TOKEN: launchDarkly.token,
      LAUNCHDARKLY_URL: launchDarkly.url,
      LAUNCHDARKLY_PROJECTS: launchDarkly.projects.map(({ key }) => `${key}/*`).join(', '),
      UNLEASH_API_TOKEN: unleash.token,
      UNLEASH_URL: unleash.url,
    });
    expect(gateway.output()).toMatch(/^Reading launchdarkly \(LaunchDarkly\), unleash \(Unleash\)\.\n/);
    expect(gateway.output()).not.toMatch(/sandbox|made-up/i);
    const { flagEvents } = await ask(gateway.url);
    expect(flagEvents.sources.map(({ source }) => new URL(source.url).origin)).toEqual([launchDarkly.url, unleash.url]);
    expect(Math.min(launchDarkly.requests.length, unleash.requests.length)).toBeGreaterThan(0);
    expect(gateway.output() + gateway.errors()).not.toContain(launchDarkly.token);
  });

  it.for(['SIGTERM', 'SIGINT'] as const)(
    'on %s answers the requests in progress, accepts no new one, and exits',
    async (signal) => {
      await using unleash = await startUnleashSandbox();
      await using gateway = await start({ UNLEASH_API_TOKEN: unleash.token, UNLEASH_URL: unleash.url });
      unleash.faults.next(1, { kind: 'slow', ms: 1_000 });
      using agent = keptAlive();
      const answer = post(gateway.url, agent);
      await vi.waitUntil(() => unleash.requests.length > 0);
      const stopped = once(gateway.child, 'exit');
      gateway.child.kill(signal);
      await vi.waitUntil(() => gateway.output().includes(`${signal}: shutting down after the requests in progress.`));
      await expect(fetch(gateway.url)).rejects.toThrow();
      const { data } = JSON.parse(await text(await answer));
      const answeredAt = performance.now();
      expect(data.flagEvents.nodes).toHaveLength(100);
      expect(await stopped).toEqual([0, null]);
      expect(performance.now() - answeredAt).toBeLessThan(2_000);
      expect(gateway.errors()).toBe('');
    },
  );
});

describe('the code of the sandboxes', () => {
  /** Names every module in a file before it is loaded. A pipe may be full, and a write to it then fails. */
  const createHook = async () => {
    const file = path.join(await mkdtemp(path.join(folder, 'modules-')), 'loaded');
    const code = `
      import { registerHooks } from 'node:module';
      import { appendFileSync } from 'node:fs';
      registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(file)}, url + '\\n'); return next(url, context); } });
    `;
    const modules = async () => (await readFile(file, 'utf8')).match(/(?<=^.*\/(?:src|node_modules)\/).*$/gm) ?? [];
    return { options: `--import=data:text/javascript,${encodeURIComponent(code)}`, modules };
  };
  const ofSandboxes = (files: string[]) => files.filter((file) => /sandbox|\/story/.test(file));

  it('is not loaded by a process that has a source', async () => {
    await using unleash = await startUnleashSandbox();
    const source = { UNLEASH_API_TOKEN: unleash.token, UNLEASH_URL: unleash.url };
    const { modules, options } = await createHook();
    await using gateway = await start({ ...source, NODE_OPTIONS: options });
    expect((await ask(gateway.url)).flagEvents.nodes).toHaveLength(100);
    expect(await modules()).toContain('sources/unleash/client.ts');
    expect(ofSandboxes(await modules())).toEqual([]);
  });

  it('and of GraphiQL are not loaded before somebody opens it', async () => {
    await using unleash = await startUnleashSandbox();
    const { modules, options } = await createHook();
    const source = { UNLEASH_API_TOKEN: unleash.token, UNLEASH_URL: unleash.url };
    await using gateway = await start({ ...source, NODE_OPTIONS: options });
    const isLoaded = async () => (await modules()).some((file) => file.includes('render-graphiql'));
    expect((await ask(gateway.url)).flagEvents.nodes).toHaveLength(100);
    expect(await isLoaded()).toBe(false);
    const page = await fetch(gateway.url, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('Flag events');
    expect(await isLoaded()).toBe(true);
  });

  it('is loaded by one that has none', async () => {
    const { modules, options } = await createHook();
    await using _gateway = await start({ NODE_OPTIONS: options });
    expect(ofSandboxes(await modules())).toContain('sources/story.ts');
  });
});

describe('the process, under load,', () => {
  it('on SIGTERM answers every request that it has accepted, to the last', async () => {
    await using unleash = await startUnleashSandbox();
    await using gateway = await start({
      UNLEASH_API_TOKEN: unleash.token,
      UNLEASH_URL: unleash.url,
      RATE_LIMIT_PER_MINUTE: '0',
      PAGE_CACHE_MS: '0',
    });
    unleash.faults.always({ kind: 'slow', ms: 40 });
    using agent = keptAlive();
    let underWay = 0;
    // Each goes on asking over its own connection until it is not let in any more.
    const clients = Array.from({ length: 50 }, async (_, index) => {
      const statuses: number[] = [];
      for (;;) {
        const asked = askPatiently(gateway.url, agent, index);
        if (!(await asked.accepted)) return statuses;
        underWay += 1;
        statuses.push(await asked.status);
        underWay -= 1;
      }
    });
    const answered = () => gateway.output().split('"msg":"request"').length - 1;
    await vi.waitUntil(() => answered() > 100 && underWay > 40, { timeout: 20_000, interval: 1 });
    const stopped = once(gateway.child, 'exit');
    gateway.child.kill('SIGTERM');
    const statuses = (await Promise.all(clients)).flat();
    expect(await stopped).toEqual([0, null]);
    expect(statuses.length).toBeGreaterThan(140);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(answered()).toBe(statuses.length);
    expect(gateway.output()).not.toContain('"aborted":true');
    expect(gateway.errors()).toBe('');
  });

  it('on SIGTERM is not ready any more, but answers until SHUTDOWN_DELAY_MS is over', async () => {
    await using gateway = await start({ SHUTDOWN_DELAY_MS: '400' });
    const ready = async () => (await fetch(new URL('/ready', gateway.url))).status;
    expect(await ready()).toBe(200);
    const stopped = once(gateway.child, 'exit');
    gateway.child.kill('SIGTERM');
    await vi.waitUntil(() => gateway.output().includes('shutting down after the requests in progress.'));
    expect(await ready()).toBe(503);
    expect((await ask(gateway.url)).flagEvents.nodes).toHaveLength(100);
    expect(await stopped).toEqual([0, null]);
  });
});

describe('the process, with subscribers,', () => {
  it('on SIGTERM tells them the reason after SHUTDOWN_DELAY_MS, and another replica goes on without a gap', async () => {
    await using unleash = await startUnleashSandbox();
    const settings = {
      UNLEASH_API_TOKEN: unleash.token,
      UNLEASH_URL: unleash.url,
      POLL_INTERVAL_MS: '1000',
      SHUTDOWN_DELAY_MS: '600',
    };
    await using first = await start(settings);
    await using second = await start(settings);
    const query = `subscription ($since: String) {
      flagEventsAdded(since: $since) { cursor nodes { ... on UnleashFlagEvent { eventId } } }
    }`;
    const happen = () => String(unleash.insert({ type: 'feature-created', featureName: 'f', project: 'web-shop' }).id);
    const clients = transportNames.map((name) => [transports[name](first.url), transports[name](second.url)] as const);
    const running = clients.map(([client]) => client.begin({ query }));
    await Promise.all(running.map((each) => each.until(({ answers }) => answers.length > 0)));
    const made = [happen()];
    const idsIn = ({ answers }: Running) =>
      answers.flatMap(({ data }) => (data?.flagEventsAdded as Batch)?.nodes.map(({ eventId }) => eventId) ?? []);
    await Promise.all(running.map((each) => each.until(() => idsIn(each).length === 1)));
    const stopped = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    await vi.waitUntil(async () => (await fetch(new URL('/ready', first.url))).status === 503);
    // They go on meanwhile: nobody has been told yet.
    expect(running.flatMap(({ answers }) => answers).some(({ errors }) => errors)).toBe(false);
    await Promise.all(running.map(({ ended }) => ended));
    made.push(happen());
    expect(await stopped).toEqual([0, null]);
    for (const [index, [, other]] of clients.entries()) {
      const { answers } = running[index] as Running;
      expect(answers.at(-1)?.errors).toMatchObject([{ extensions: { reason: 'SHUTTING_DOWN' } }]);
      const since = answers.flatMap(({ data }) => (data?.flagEventsAdded as Batch)?.cursor ?? []).at(-1);
      const resumed = other.begin({ query, variables: { since } });
      await resumed.until(() => idsIn(resumed).length === 1);
      expect([...idsIn(running[index] as Running), ...idsIn(resumed)]).toEqual(made);
    }
    for (const client of clients.flat()) await client[Symbol.asyncDispose]();
  });
});

interface Batch {
  cursor: string;
  nodes: { eventId: string }[];
}

describe('the process, in front of people,', () => {
  it('asks for keys, has no page and writes no secret down', async () => {
    const key = 'canary-key-of-the-first';
    await using gateway = await start({ NODE_ENV: 'production', API_KEYS: key, LOG_LEVEL: 'info' });
    expect(gateway.output()).toContain(`Send GraphQL to ${gateway.url} (`);
    const sent = (headers: Record<string, string>) =>
      fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"query":"{ __typename }"}',
      });
    expect((await fetch(gateway.url, { headers: { accept: 'text/html' } })).status).toBe(406);
    expect((await sent({})).status).toBe(401);
    expect((await sent({ authorization: `Bearer ${key}` })).status).toBe(200);
    const requests = () => gateway.output().match(/^\{.*\}$/gm) ?? [];
    await vi.waitUntil(() => requests().length === 3);
    expect(requests().map((line) => JSON.parse(line).status)).toEqual([406, 401, 200]);
    expect(gateway.output() + gateway.errors()).not.toContain('canary');
  });
});

describe('a mistake that nobody caught', () => {
  const supervised = `
    import { createLog } from '${root}src/observe/log.ts';
    import { superviseProcess } from '${root}src/process/supervision.ts';
    superviseProcess(createLog({ level: 'info' }), () => { process.stdout.write('leaving\\n'); process.exit(1); });
    const wait = setInterval(() => {}, 1_000);
  `;
  const runScript = async (script: string) => {
    const child = spawn(node24(), ['--input-type=module', '--eval', `${supervised}\n${script}`], {
      env: environment(),
    });
    const [output, errors] = [collect(child.stdout), collect(child.stderr)];
    const [code] = await once(child, 'close');
    return { code, lines: output().trim().split('\n'), errors: errors() };
  };

  it('is written down and counted, without its words, and the process goes on after a rejection', async () => {
    const { code, errors, lines } = await runScript(`
      let seen = 0;
      process.on('unhandledRejection', () => {
        seen += 1;
        if (seen === 1) Promise.reject('canary-2');
        else { process.stdout.write('still here'); clearInterval(wait); }
      });
      Promise.reject(new TypeError('canary-1'));
    `);
    expect([code, errors, lines.pop()]).toEqual([0, '', 'still here']);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'error', msg: 'unhandled rejection', count: 1, error: { type: 'TypeError' } },
      { level: 'error', msg: 'unhandled rejection', count: 2, error: { type: 'string' } },
    ]);
    expect(lines.join()).not.toContain('canary');
  });

  it('ends the process in good order after an exception', async () => {
    const { code, errors, lines } = await runScript(`throw new RangeError('canary-1');`);
    expect([code, errors, lines.pop()]).toEqual([1, '', 'leaving']);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'fatal', msg: 'uncaught exception', count: 1, error: { type: 'RangeError' } },
    ]);
    expect(lines.join()).not.toContain('canary');
  });
});

describe('the process, when it cannot start,', () => {
  it('tells everything that is wrong with the settings, and no value', async () => {
    const canary = 'canary-4711';
    const ended = await end({ PORT: canary, LAUNCHDARKLY_ACCESS_TOKEN: `sdk-${canary}`, UNLEASH_API_TOKEN: canary });
    expect(ended).toMatchObject({ code: 1, output: '' });
    expect(ended.errors).toMatchInlineSnapshot(`
      "The settings cannot be used:
        - PORT: must be a whole number from 0 to 65535
        - LAUNCHDARKLY_ACCESS_TOKEN: must be an API access token: SDK and mobile keys cannot read flag events
        - LAUNCHDARKLY_PROJECTS: must name at least one \`project/environment\`
        - UNLEASH_URL: is missing
      "
    `);
    expect(ended.errors).not.toContain(canary);
  });

  it('says that the port is taken', async () => {
    const server = createServer();
    const { port } = new URL(await listen(server));
    const ended = await end({ PORT: port });
    server.close();
    expect(ended).toEqual({ code: 1, output: '', errors: 'The port is taken: set PORT to another one.\n' });
  });

  it('says that the host is not its own', async () => {
    const ended = await end({ HOST: '192.0.2.1', ALLOW_ANONYMOUS: 'true' });
    expect(ended).toEqual({ code: 1, output: '', errors: 'HOST is not an address of this machine.\n' });
  });
});

describe('npm start', () => {
  it('in a clean clone answers a first query', async () => {
    const clone = path.join(folder, 'clone');
    await cloneTo(clone);
    await using gateway = await started(
      spawn('npm', ['start'], { cwd: clone, env: environment(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    const { flagEvents } = await ask(gateway.url);
    expect(new Set(flagEvents.nodes.map((node) => node.__typename)).size).toBe(2);
    // Built before from the same files, so nothing is installed.
    const page = await fetch(new URL('/', gateway.url), { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('<div id="page">');
  });
});

function start(variables: Variables = {}): Promise<GatewayProcess> {
  return started(run(variables, { folder }));
}

async function end(variables: Variables): Promise<{ code: unknown; output: string; errors: string }> {
  const child = run(variables, { folder });
  const [output, errors] = [collect(child.stdout), collect(child.stderr)];
  const [code] = await once(child, 'close');
  return { code, output: output(), errors: errors() };
}

interface FirstAnswer {
  flagEvents: { nodes: { __typename: string }[]; sources: { source: { url: string }; status: string }[] };
}

async function ask(url: string): Promise<FirstAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: FIRST_QUERY }),
  });
  const { data, errors } = (await response.json()) as GraphQLAnswer<FirstAnswer>;
  if (errors || !data) throw new Error(JSON.stringify(errors));
  return data;
}

/**
 * Sends the headers first, and the body once the server has said that it goes on with them: from then on the request is
 * accepted. Every client asks for something else.
 */
function askPatiently(
  url: string,
  agent: Agent,
  index: number,
): { accepted: Promise<boolean>; status: Promise<number> } {
  const query = `{ flagEvents(first: 1, filter: { flagKeys: ["flag-${index}"] }) { nodes { id } } }`;
  const body = JSON.stringify({ query });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' };
  const asking = request(url, { method: 'POST', agent, headers });
  const accepted = Promise.withResolvers<boolean>();
  const status = Promise.withResolvers<number>();
  asking.on('continue', () => {
    accepted.resolve(true);
    asking.end(body);
  });
  asking.on('response', (response) => {
    response.resume().on('end', () => status.resolve(response.statusCode ?? 0));
    response.on('error', () => status.resolve(0));
  });
  asking.on('error', () => {
    accepted.resolve(false);
    status.resolve(0);
  });
  asking.flushHeaders();
  return { accepted: accepted.promise, status: status.promise };
}

/** Over a connection that stays open afterwards, as a browser's does. */
async function post(url: string, agent: Agent): Promise<IncomingMessage> {
  const asking = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
  asking.end(JSON.stringify({ query: FIRST_QUERY }));
  const [response] = await once(asking, 'response');
  return response as IncomingMessage;
}

function keptAlive(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

/** What a clone of this repository would hold, were everything in it committed, and its installed packages. */
async function cloneTo(target: string): Promise<void> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', ':!node_modules'];
  const { stdout } = await promisify(execFile)('git', list, { cwd: root });
  for (const file of stdout.split('\0').filter(Boolean)) {
    // A file that is tracked may be deleted.
    await cp(path.join(root, file), path.join(target, file)).catch(() => {});
  }
  await symlink(path.join(root, 'node_modules'), path.join(target, 'node_modules'));
  await cp(path.join(root, 'page/dist'), path.join(target, 'page/dist'), { recursive: true });
}
