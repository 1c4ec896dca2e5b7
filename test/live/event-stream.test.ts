import { setTimeout as wait } from 'node:timers/promises';
import { generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { bearer, claims, jwtSettings, startKeyServer } from '../support/issuer.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';
import { type Subscribed, subscribe } from '../support/subscribe.ts';

const LIVE = 'subscription { flagEventsAdded { nodes { ... on UnleashFlagEvent { eventId } } cursor } }';
const isThere = ({ answers }: Subscribed) => answers.length > 0;
const hasBatches = (count: number) => (subscribed: Subscribed) => subscribed.batches().length >= count;
const happen = ({ unleash }: PublicGateway, featureName: string) =>
  unleash.insert({ type: 'feature-created', featureName, project: 'web-shop' });
const idsIn = (subscribed: Subscribed) =>
  subscribed.batches().flatMap(({ nodes }) => nodes.map(({ eventId }) => eventId));

describe('an event stream', () => {
  it('has the cursor of each batch as its id, whether or not it is selected, and goes on after `Last-Event-ID`', async () => {
    await using gateway = await startPublicGateway();
    await using first = await subscribe(gateway, LIVE);
    await first.until(isThere);
    expect(first.ids).toEqual(first.batches().map(({ cursor }) => cursor));
    const one = happen(gateway, 'one');
    await first.until(hasBatches(2));
    const withoutCursor = LIVE.replace('cursor', '');
    await using short = await subscribe(gateway, withoutCursor);
    await short.until(isThere);
    expect(short.ids[0]).toMatch(/^[\w-]{40,}$/);
    // It says where it once began, and what it has had last: the latter counts.
    const since =
      'subscription Resumed($since: String) { flagEventsAdded(since: $since) { nodes { ... on UnleashFlagEvent { eventId } } } }';
    const headers = { 'last-event-id': first.ids[1] ?? '' };
    await using second = await subscribe(gateway, since, { since: first.ids[0] }, headers);
    const two = happen(gateway, 'two');
    await second.until(({ batches }) => batches().some(({ nodes }) => nodes.length > 0));
    expect(idsIn(second)).toEqual([String(two.id)]);
    expect(idsIn(first)).toContain(String(one.id));
  });

  it.for([
    'text/event-stream',
    'application/json, text/event-stream',
    'text/event-stream, multipart/mixed',
    'application/graphql-response+json, application/json, text/event-stream, multipart/mixed',
    'multipart/mixed, application/json;q=0.5, text/event-stream;q=0.1',
  ])('is for whoever accepts one, other forms beside it or not: %s', async (accept) => {
    await using gateway = await startPublicGateway({ heartbeatMs: 50 });
    await using live = await subscribe(gateway, LIVE, {}, { accept });
    await live.until(({ heartbeats, ids }) => heartbeats() >= 3 && ids.length === 1);
    expect(live.ids).toEqual(live.batches().map(({ cursor }) => cursor));
  });

  it.for(['application/json', '*/*', 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json'])(
    'is for nobody else: %s',
    async (accept) => {
      await using gateway = await startPublicGateway();
      const { answer, code, status } = await gateway.ask(LIVE, { headers: { accept } });
      expect([status, code, answer.data]).toEqual([406, 'NOT_ACCEPTABLE', undefined]);
      expect(gateway.live.subscribers).toBe(0);
    },
  );

  it('refuses a `Last-Event-ID` that is no cursor, naming it', async () => {
    await using gateway = await startPublicGateway();
    await using refused = await subscribe(gateway, LIVE, {}, { 'last-event-id': 'nonsense' });
    await refused.until(isThere);
    expect(refused.answers[0]?.errors?.[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      argument: 'Last-Event-ID',
    });
  });

  it('names a variable that cannot be used, as queries do', async () => {
    await using gateway = await startPublicGateway();
    const query = 'subscription Bad($filter: FlagEventFilter) { flagEventsAdded(filter: $filter) { cursor } }';
    await using refused = await subscribe(gateway, query, { filter: { from: 'x'.repeat(400) } });
    await refused.until(isThere);
    const [error] = refused.answers[0]?.errors ?? [];
    expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: '$filter' });
    expect(error?.message).not.toContain('xxx');
  });

  it('has a heartbeat while nothing happens', async () => {
    await using gateway = await startPublicGateway({ heartbeatMs: 50 });
    await using live = await subscribe(gateway, LIVE);
    await live.until(({ heartbeats }) => heartbeats() >= 5);
    expect(live.answers).toHaveLength(1);
  });

  it('needs credentials, and ends when a token does, with a reason', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    await using keyServer = await startKeyServer({ rsa: ['RS256', pair] });
    await using gateway = await startPublicGateway({ env: jwtSettings(keyServer.url) });
    await using refused = await subscribe(gateway, LIVE);
    expect(refused.status).toBe(401);
    // Of the tolerance for other clocks, some is left.
    const exp = Math.floor(Date.now() / 1000) - 3;
    const token = await new SignJWT(claims({ exp }))
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
      .sign(pair.privateKey);
    await using live = await subscribe(gateway, LIVE, {}, bearer(token));
    await live.until(isThere);
    await live.ended;
    expect(live.answers.at(-1)?.errors).toMatchObject([
      { extensions: { code: 'SUBSCRIPTION_ENDED', reason: 'CREDENTIALS_EXPIRED' } },
    ]);
    expect(gateway.live.subscribers).toBe(0);
  });

  it('ends its subscription when its reader leaves, and leaves one line in the log', async () => {
    await using gateway = await startPublicGateway();
    {
      await using live = await subscribe(gateway, LIVE);
      await live.until(isThere);
      expect(gateway.live.subscribers).toBe(1);
    }
    while (gateway.live.subscribers > 0 || gateway.lines().length === 0) await wait(5);
    expect(gateway.lines()).toMatchObject([{ operation: { type: 'subscription' }, status: 200, aborted: true }]);
  });

  it.for<[string, Record<string, string>, number]>([
    ['a page of the gateway itself', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a page of an origin that is allowed', { origin: 'https://pages.example.com' }, 200],
    ['a page of another origin', { origin: 'https://other.example.com', 'sec-fetch-site': 'cross-site' }, 403],
    ['a page of a neighbour', { 'sec-fetch-site': 'same-site' }, 403],
  ])('may be opened by the EventSource of %s, or not', async ([, headers, status]) => {
    await using gateway = await startPublicGateway({ env: { CORS_ORIGINS: 'https://pages.example.com' } });
    const leaving = new AbortController();
    const { signal } = leaving;
    const url = `${gateway.url}?query=${encodeURIComponent(LIVE)}`;
    const answer = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
    expect(answer.status).toBe(status);
    leaving.abort();
  });
});
