import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBreaker, type Outcome } from '../../src/http/breaker.ts';
import { ask, budget, connect, createTestClock, failureOf, json, startVendor } from './vendor.ts';

const BREAKER_MS = 10_000;
const SECOND = 1_000;

describe('a circuit breaker', () => {
  it('leaves a part alone after five outages in a row, and its neighbours not', async () => {
    const { ask, tries } = startBreaker();
    await ask('b', 'answered');
    for (let call = 0; call < 5; call += 1) expect(await ask('a', 'outage')).toBe('outage');
    expect([await ask('a'), await ask('b', 'answered'), await ask('c', 'answered')]).toEqual([
      10_000,
      'answered',
      'answered',
    ]);
    expect(tries('a')).toBe(5);
  });

  it('begins to count anew with every answer, and takes a call that was given up for nothing', async () => {
    const { ask, isHealthy } = startBreaker();
    for (let call = 0; call < 4; call += 1) await ask('a', 'outage');
    await ask('a', 'answered');
    for (let call = 0; call < 4; call += 1) await ask('a', 'outage');
    for (let call = 0; call < 9; call += 1) await ask('a', 'nothing');
    expect(isHealthy()).toBe(false);
    expect(await ask('a', 'outage')).toBe('outage');
    expect(await ask('a')).toBe(BREAKER_MS);
  });

  it('lets one call try after a while; its end decides', async () => {
    const { ask, begin, clock } = startBreaker();
    await breakPart(ask, 'a');
    await ask('b', 'answered');
    clock.pass(BREAKER_MS);
    const trial = begin('a');
    expect(await ask('a')).toBe(SECOND);
    trial.end('outage');
    await trial.ended;
    expect(await ask('a')).toBe(BREAKER_MS);
    clock.pass(BREAKER_MS);
    expect([await ask('a', 'answered'), await ask('a', 'answered')]).toEqual(['answered', 'answered']);
  });

  it('stays broken when the call that tries is given up, and lets the next one try', async () => {
    const { ask, isHealthy, clock } = startBreaker();
    await breakPart(ask, 'a');
    clock.pass(BREAKER_MS);
    await ask('a', 'nothing');
    expect(isHealthy()).toBe(false);
    expect([await ask('a', 'outage'), await ask('a')]).toEqual(['outage', BREAKER_MS]);
  });

  it('leaves new parts alone while everything fails, until something answers', async () => {
    const { ask, begin, clock, tries } = startBreaker();
    await breakPart(ask, 'a');
    await breakPart(ask, 'b');
    expect([await ask('new'), tries('new')]).toEqual([BREAKER_MS, 0]);
    clock.pass(BREAKER_MS);
    const trial = begin('a');
    expect(await ask('new')).toBe(SECOND);
    trial.end('answered');
    await trial.ended;
    expect(await ask('new', 'answered')).toBe('answered');
  });

  it('lets a new part be the one to try, so that it never waits for parts that nobody asks any more', async () => {
    const { ask, clock } = startBreaker();
    await breakPart(ask, 'gone');
    clock.pass(BREAKER_MS);
    expect(await ask('new', 'outage')).toBe('outage');
    expect(await ask('newer')).toBe(BREAKER_MS);
    clock.pass(BREAKER_MS);
    expect([await ask('newer', 'answered'), await ask('newest', 'answered')]).toEqual(['answered', 'answered']);
  });

  it('learns nothing from a new part whose call is under way or given up', async () => {
    const { ask, begin, clock, isHealthy } = startBreaker();
    await breakPart(ask, 'a');
    clock.pass(BREAKER_MS);
    const trial = begin('new');
    expect([isHealthy(), await ask('newer')]).toEqual([false, SECOND]);
    trial.end('nothing');
    await trial.ended;
    expect(isHealthy()).toBe(false);
    expect([await ask('new', 'outage'), await ask('newer')]).toEqual(['outage', BREAKER_MS]);
  });

  it('is healthy while one part that was asked in the last minute answers', async () => {
    const { ask, clock, isHealthy } = startBreaker();
    expect(isHealthy()).toBe(true);
    await ask('b', 'answered');
    await ask('a', 'outage');
    expect(isHealthy()).toBe(true);
    clock.pass(61 * SECOND);
    await ask('a', 'outage');
    expect(isHealthy()).toBe(false);
    await ask('b', 'answered');
    expect(isHealthy()).toBe(true);
  });
});

describe('an upstream', () => {
  const brokenPart = (upstream: ReturnType<typeof connect>, part: string) =>
    failureOf(ask(upstream, { part, path: `/${part}`, isProbe: true }));

  it('of twelve environments, six of which do not answer, still gives the other six, and is healthy', async () => {
    await using vendor = await startVendor((response, _number, { url }) =>
      json({}, { status: Number(url?.slice(1)) < 6 ? 504 : 200 })(response),
    );
    await using upstream = connect(vendor.url);
    const parts = Array.from({ length: 12 }, (_, index) => String(index));
    const askAll = () =>
      Promise.allSettled(parts.map((part) => ask(upstream, { part, path: `/${part}`, isProbe: true })));
    for (let round = 0; round < 6; round += 1) await askAll();
    const before = vendor.requests.length;
    expect((await askAll()).map(({ status }) => status)).toEqual([
      ...Array(6).fill('rejected'),
      ...Array(6).fill('fulfilled'),
    ]);
    expect([vendor.requests.length - before, upstream.isHealthy()]).toEqual([6, true]);
    expect(await brokenPart(upstream, '0')).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'A vendor keeps failing and is left alone for a moment.',
      retryAfterSeconds: 10,
    });
  });

  it.for([
    ['400', 400],
    ['401', 401],
    ['404', 404],
    ['500', 500],
  ] as const)('that answers %s is there', async ([, status]) => {
    await using vendor = await startVendor(json({}, { status }));
    await using upstream = connect(vendor.url, { clock: createTestClock() });
    for (let call = 0; call < 6; call += 1) await failureOf(ask(upstream, { isProbe: true }));
    expect([vendor.requests.length, upstream.isHealthy()]).toEqual([6, true]);
  });

  it('whose trial is given up by its caller stays broken, and is tried again', async () => {
    let isHanging = false;
    await using vendor = await startVendor((response) => {
      if (!isHanging) json({}, { status: 503 })(response);
    });
    const clock = createTestClock();
    await using upstream = connect(vendor.url, { clock });
    for (let call = 0; call < 5; call += 1) await brokenPart(upstream, 'a');
    clock.pass(BREAKER_MS);
    isHanging = true;
    const caller = budget();
    const trial = failureOf(ask(upstream, { part: 'a', isProbe: true, budget: caller }));
    await expect.poll(() => vendor.requests.length).toBe(6);
    caller.leave();
    expect((await trial).name).toBe('AbortError');
    isHanging = false;
    expect(upstream.isHealthy()).toBe(false);
    await expect.poll(() => brokenPart(upstream, 'a')).toMatchObject({ status: 503 });
    expect(await brokenPart(upstream, 'a')).toMatchObject({ status: undefined, retryAfterSeconds: 10 });
  });

  it('that is only slower than our deadline is there', async () => {
    await using vendor = await startVendor(() => {});
    await using upstream = connect(vendor.url);
    const calls = Array.from({ length: 6 }, (_, index) =>
      failureOf(ask(upstream, { path: `/${index}`, budget: budget({ ms: 50 }) })),
    );
    expect((await Promise.all(calls)).map(({ message }) => message)).toEqual(
      Array(6).fill('A vendor did not answer in time.'),
    );
    expect(upstream.isHealthy()).toBe(true);
  });

  it.for([
    ['is an outage after five seconds', { isHeavy: false, answersElsewhere: false }, false],
    ['is none for a call that is known to be slow', { isHeavy: true, answersElsewhere: false }, true],
    ['is none while something else is answered', { isHeavy: false, answersElsewhere: true }, true],
  ] as const)('that stays silent %s', async ([, { answersElsewhere, isHeavy }, isHealthy]) => {
    await using vendor = await startVendor((response, _number, { url }) => {
      if (url === '/quick') json({})(response);
    });
    const clock = createTestClock();
    await using upstream = connect(vendor.url, { clock });
    const silent = failureOf(
      ask(upstream, { isHeavy, budget: { ...budget({ ms: 100 }), deadline: Date.now() + 60_000 } }),
    );
    await expect.poll(() => vendor.requests.length).toBe(1);
    clock.pass(5_000);
    if (answersElsewhere) await ask(upstream, { path: '/quick' });
    await silent;
    await nextTurn();
    expect(upstream.isHealthy()).toBe(isHealthy);
  });
});

function startBreaker() {
  const clock = createTestClock();
  const asked: string[] = [];
  const breaker = createBreaker({
    clock,
    breakerMs: BREAKER_MS,
    judge: (error) => (error as Error).message as Outcome,
    refuse: (wait) => new Error(String(wait)),
  });

  /** A call whose end the test says. */
  function begin(part: string) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const ended = breaker
      .run(part, async () => {
        asked.push(part);
        const outcome = await promise;
        if (outcome !== 'answered') throw new Error(outcome);
        return outcome;
      })
      .catch(({ message }: Error) => (/^\d+$/.test(message) ? Number(message) : message));
    return { end: resolve, ended };
  }

  return {
    clock,
    begin,
    isHealthy: breaker.isHealthy,
    tries: (part: string) => asked.filter((one) => one === part).length,
    /** How the call ended, or for how many milliseconds the part is left alone. */
    ask(part: string, outcome: Outcome = 'answered') {
      const call = begin(part);
      call.end(outcome);
      return call.ended;
    },
  };
}

async function breakPart(ask: ReturnType<typeof startBreaker>['ask'], part: string): Promise<void> {
  for (let call = 0; call < 5; call += 1) await ask(part, 'outage');
}
