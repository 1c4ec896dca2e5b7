import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FORGED_PER_MINUTE } from '../../src/edge/hooks.ts';
import { createLaunchDarklyWebhook } from '../../src/sources/launchdarkly/webhook.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { createUnleashWebhook } from '../../src/sources/unleash/webhook.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import { startGateway } from '../support/gateway.ts';
import { pollsOf, SECRET, sign, startHooked } from '../support/hooked.ts';
import { startPublicGateway } from '../support/public-gateway.ts';
import type { Subscribed } from '../support/subscribe.ts';

const OLD_SECRET = 'canary-secret-until-yesterday';
const flagsOf = (subscribed: Subscribed) =>
  subscribed.batches().flatMap(({ nodes }) => nodes.map(({ flag }) => (flag as { key: string } | null)?.key));

const hookOf = (url: string, id: string) => new URL(`/hooks/${id}`, url).href;
const post = (url: string, body: string, headers: Record<string, string>) =>
  fetch(url, { method: 'POST', body, headers });

describe('a webhook of LaunchDarkly', () => {
  const webhook = createLaunchDarklyWebhook([SECRET, OLD_SECRET]);
  // As a sender may write it, and nobody who parses and prints it would: escapes, other alphabets, odd spacing.
  const body = Buffer.from('{ "kind":"flag",\t"name": "caf\\u00e9 ☕", "accesses":[ ] }\r\n');

  it.for<[string, Buffer, string, boolean]>([
    ['signed over its bytes', body, sign(body), true],
    ['signed with the secret before', body, sign(body, OLD_SECRET), true],
    ['signed with another secret', body, sign(body, 'canary-secret-of-nobody'), false],
    ['signed over what JSON would make of it', body, sign(JSON.stringify(JSON.parse(body.toString()))), false],
    ['cut short', body.subarray(0, -2), sign(body), false],
    ['with a signature in capitals', body, sign(body).toUpperCase(), false],
    ['with half a signature', body, sign(body).slice(0, 32), false],
    ['without one', body, '', false],
  ])('is genuine, or not: %s', ([, bytes, signature, isGenuine]) => {
    expect(webhook.isGenuine({ 'x-ld-signature': signature }, bytes)).toBe(isGenuine);
  });

  it.for<[unknown, { project: string; environment?: string }[]]>([
    [
      { accesses: [{ resource: 'proj/web;tag:env/production;eu:flag/x' }, { resource: 'proj/web:env/test:flag/x' }] },
      [{ project: 'web' }],
    ],
    [
      { accesses: [{ resource: 'proj/web:env/test:flag/x' }, { resource: 'proj/app:env/test:flag/x' }] },
      [
        { project: 'web', environment: 'test' },
        { project: 'app', environment: 'test' },
      ],
    ],
    [{ accesses: Array.from({ length: 60 }, (_, index) => ({ resource: `proj/p${index}` })) }, []],
    [{ accesses: [{ resource: { toString: null, valueOf: null } }] }, []],
    [{ target: { resources: ['proj/web:env/*:flag/x', 'member/1', 7] } }, [{ project: 'web' }]],
    [{ accesses: 'all', target: null }, []],
    [{ accesses: [null, {}, { resource: `proj/${'x'.repeat(500)}` }] }, []],
    [undefined, []],
    [[], []],
  ])('says where to look, as far as it can be understood: %j', ([said, hints]) => {
    expect(webhook.hintsIn(said)).toEqual(hints);
  });
});

describe('a webhook of Unleash', () => {
  const webhook = createUnleashWebhook([SECRET, OLD_SECRET]);

  it.for<[string | undefined, boolean]>([
    [SECRET, true],
    [`Bearer ${OLD_SECRET}`, true],
    [`${SECRET} `, false],
    [SECRET.toUpperCase(), false],
    ['', false],
    [undefined, false],
  ])('is genuine, or not: %s', ([authorization, isGenuine]) => {
    expect(webhook.isGenuine({ authorization }, Buffer.from(''))).toBe(isGenuine);
  });

  it('says where to look, as far as it can be understood', () => {
    const said = [
      { project: 'web', environment: 'production' },
      { project: 'web', environment: {} },
      { project: [] },
      null,
    ];
    expect(said.map((each) => webhook.hintsIn(each))).toEqual([
      [{ project: 'web', environment: 'production' }],
      [{ project: 'web' }],
      [],
      [],
    ]);
  });
});

describe('the route of webhooks', () => {
  it('is answered with a status and nothing else, and leaves neither body nor secret in the log', async () => {
    await using gateway = await startPublicGateway({
      others: [
        {
          vendor: 'unleash',
          id: 'hooked',
          url: 'http://127.0.0.1:9',
          apiToken: 'canary-token',
          webhookSecrets: [SECRET],
        },
      ],
      env: { API_KEYS: 'canary-key-of-somebody' },
    });
    const body = '{"project":"canary-project"}';
    const ask = (path: string, method: string, headers: Record<string, string> = {}, own = body) =>
      gateway.request({ path, method, headers, ...(method === 'POST' && { body: own }) });
    const answers = [
      await ask('/hooks/hooked', 'POST', { authorization: SECRET }),
      await ask('/hooks/hooked', 'POST', { authorization: SECRET, host: 'tunnel.example.com' }, 'no JSON'),
      await ask('/hooks/hooked', 'POST', { authorization: 'canary-secret-of-nobody' }),
      await ask('/hooks/hooked', 'POST'),
      await ask('/hooks/hooked', 'GET', { authorization: SECRET }),
      await ask('/hooks/hooked', 'POST', { authorization: SECRET }, ' '.repeat(1024 * 1024 + 1)),
      await ask('/hooks/unleash', 'POST', { authorization: SECRET }),
      await ask('/hooks/nobody', 'POST', { authorization: SECRET }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 401, 401, 405, 413, 404, 404]);
    expect(answers.slice(0, 6).map(({ body: own }) => own)).toEqual(Array.from({ length: 6 }, () => ''));
    expect(answers[4]?.headers.allow).toBe('POST');
    // Of a body that is too large, the rest is received first.
    while (gateway.lines().length < 6) await wait(5);
    expect(gateway.lines().map(({ codes, status, webhook }) => [webhook, status, ...(codes as string[])])).toEqual([
      ['hooked', 202],
      ['hooked', 202],
      ['hooked', 401, 'UNAUTHENTICATED'],
      ['hooked', 401, 'UNAUTHENTICATED'],
      ['hooked', 405, 'METHOD_NOT_ALLOWED'],
      ['hooked', 413, 'REQUEST_ENTITY_TOO_LARGE'],
    ]);
  });

  it('refuses secrets that are too short, naming the setting', async () => {
    const settings = { vendor: 'unleash', url: 'http://127.0.0.1:9', apiToken: 'x', webhookSecrets: ['short'] };
    await expect(startGateway([settings])).rejects.toThrow(/webhookSecrets.*at least 16 characters/);
  });

  it('does not wait for a sender who never ends', async () => {
    await using unleash = await startUnleashSandbox();
    const settings = { vendor: 'unleash', apiToken: unleash.token, url: unleash.url, webhookSecrets: [SECRET] };
    await using gateway = await startGateway([settings]);
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(
      `POST /hooks/unleash HTTP/1.1\r\nhost: localhost\r\nauthorization: ${SECRET}\r\ncontent-length: 100\r\n\r\n{`,
    );
    await wait(50);
    socket.destroy();
    const answer = await post(hookOf(gateway.url, 'unleash'), '{}', { authorization: SECRET });
    expect(answer.status).toBe(202);
  });
});

describe('a webhook', () => {
  it('brings an event without waiting for the interval, and has only the environment that it names looked at', async () => {
    await using hooked = await startHooked({ pace: { pollIntervalMs: 60_000, nudgeDelaysMs: [0] } });
    hooked.sandbox.insert(createFlagEvent(1, Date.now(), { environmentKey: 'test' }));
    expect((await hooked.hook('proj/default:env/test:flag/flag-1')).status).toBe(202);
    await hooked.live.until((live) => flagsOf(live).length === 1);
    expect(pollsOf(hooked.sandbox)).toEqual(['test']);
  });

  it('may come before its event can be read: there is another look later', async () => {
    await using hooked = await startHooked({ pace: { pollIntervalMs: 60_000, nudgeDelaysMs: [0, 200] } });
    await hooked.hook('proj/default:env/test:flag/flag-1');
    await wait(80);
    hooked.sandbox.insert(createFlagEvent(1, Date.now(), { environmentKey: 'test' }));
    await hooked.live.until((live) => flagsOf(live).length === 1);
    expect(pollsOf(hooked.sandbox)).toEqual(['test', 'test']);
  });

  it('may get lost: the interval brings its event', async () => {
    await using hooked = await startHooked({ pace: { pollIntervalMs: 150 } });
    hooked.sandbox.insert(createFlagEvent(1, Date.now(), { environmentKey: 'test' }));
    await hooked.live.until((live) => flagsOf(live).length === 1);
  });

  it('is not believed: a storm of 1,000 causes no more than one look in each gap', { timeout: 60_000 }, async () => {
    const minGapMs = 500;
    await using hooked = await startHooked({ pace: { pollIntervalMs: 60_000, minGapMs, nudgeDelaysMs: [0] } });
    const begun = performance.now();
    for (let round = 0; round < 10; round += 1)
      await Promise.all(Array.from({ length: 100 }, () => hooked.hook('proj/default:env/test:flag/x')));
    await wait(minGapMs);
    const gaps = Math.ceil((performance.now() - begun) / minGapMs) + 1;
    expect(hooked.sandbox.requests.length).toBeGreaterThan(0);
    expect(hooked.sandbox.requests.length).toBeLessThanOrEqual(gaps);
  });

  it('that is forged causes nothing, 1,000 times, and soon is not even read', { timeout: 60_000 }, async () => {
    await using hooked = await startHooked({ pace: { pollIntervalMs: 60_000, nudgeDelaysMs: [0] } });
    const statuses = new Map<number, number>();
    for (let round = 0; round < 10; round += 1) {
      const answers = Array.from({ length: 100 }, () =>
        post(hooked.url, '{}', { 'x-ld-signature': sign('{}', 'forged') }),
      );
      for (const { status } of await Promise.all(answers)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].toSorted()).toEqual([401, 429]);
    expect(statuses.get(401)).toBeLessThan(FORGED_PER_MINUTE + 200);
    expect(hooked.sandbox.requests).toEqual([]);
  });
});
