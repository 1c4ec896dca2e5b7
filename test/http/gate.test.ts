import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createGate, type GateCall, type Pass } from '../../src/http/gate.ts';
import { createLimit } from '../../src/http/limit.ts';
import { ask, budget, connect, createTestClock, failureOf, json, type Respond, startVendor } from './vendor.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('the connections', () => {
  it('are used up to their number', async () => {
    const { gate, take } = startGate({ connections: 3 });
    const passes = await Promise.all(['a', 'b', 'c'].map((part) => gate.enter(call({ part }))));
    const [order] = take(['d', 'e']);
    expect(await order()).toEqual([]);
    passes[0]?.leave();
    expect(await order()).toEqual(['d']);
  });

  it('are used by heavy calls up to the half, so that others always have a way', async () => {
    const { gate, take } = startGate({ connections: 4 });
    await Promise.all(['a', 'b'].map((part) => gate.enter(call({ part, isHeavy: true }))));
    const [heavy] = take(['c'], { isHeavy: true });
    const [light] = take(['d', 'e']);
    expect([await heavy(), await light()]).toEqual([[], ['d', 'e']]);
  });

  it('are handed out in turns: a page that needs one call waits for one, not for a thousand', async () => {
    const { gate, take } = startGate({ connections: 1 });
    const first = await gate.enter(call());
    const [order] = take([...Array(1_000).keys()].map(String), { owner: {} });
    const [small] = take(['small'], { owner: {} });
    let pass: Pass | undefined = first;
    for (let turn = 0; turn < 2; turn += 1) {
      pass?.leave();
      pass = (await order.passes())[turn];
    }
    expect([(await order()).length, await small()]).toEqual([1, ['small']]);
  });

  it('are not waited for by a caller who has gone', async () => {
    const { gate, take } = startGate({ connections: 1 });
    const first = await gate.enter(call());
    const own = budget();
    const gone = failureOf(gate.enter(call({ budget: own })));
    const [order] = take(['next']);
    own.leave();
    expect((await gone).name).toBe('AbortError');
    expect(getEventListeners(own.signal, 'abort')).toEqual([]);
    first.leave();
    expect(await order()).toEqual(['next']);
  });

  it('are given to nobody once the gate is closed', async () => {
    const { gate } = startGate({ connections: 1 });
    await gate.enter(call());
    const waiting = failureOf(gate.enter(call()));
    gate.close();
    expect([(await waiting).message, (await failureOf(gate.enter(call()))).message]).toEqual(
      Array(2).fill('A vendor is not asked any more: the gateway is shutting down.'),
    );
  });
});

describe('a rate limit that is known', () => {
  it('lets through what is left of it, and fails at once who cannot wait for its reset', async () => {
    const { gate, clock } = startGate();
    (await gate.enter(call())).answer(200, limit({ remaining: 2, resetsIn: 60_000, now: clock.now() }));
    const passes = await Promise.all(['a', 'b'].map((part) => gate.enter(call({ part }))));
    const hurried = failureOf(gate.enter(call({ part: 'c' })));
    for (const pass of passes) pass.answer(200, limit({ remaining: 0, resetsIn: 60_000, now: clock.now() }));
    expect(await hurried).toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      message: 'A vendor limits the rate of requests.',
      retryAfterSeconds: 60,
    });
    expect(clock.slept).toEqual([]);
  });

  it('is waited for by who can, and then let through no faster than it allows', async () => {
    const { gate, clock, take } = startGate();
    (await gate.enter(call())).answer(200, limit({ remaining: 0, limit: 2, resetsIn: 4_000, now: clock.now() }));
    const [order] = take(['a', 'b', 'c', 'd', 'e']);
    expect(await order()).toHaveLength(2);
    expect(clock.slept).toEqual([4_020]);
    const [first] = await order.passes();
    first?.answer(200, limit({ remaining: 1, limit: 2, resetsIn: 10_000, now: clock.now() }));
    expect(await order()).toHaveLength(2);
    (await order.passes())[1]?.answer(200, limit({ remaining: 0, limit: 2, resetsIn: 10_000, now: clock.now() }));
    expect(await order()).toHaveLength(4);
  });

  it('of a route holds back that route only', async () => {
    const { gate, clock } = startGate();
    const exhausted = {
      ...limit({ remaining: 0, resetsIn: 60_000, now: clock.now() }),
      'x-ratelimit-global-remaining': '9',
    };
    (await gate.enter(call({ route: '/flags' }))).answer(429, exhausted);
    await gate.enter(call({ route: '/audit' }));
    expect(await failureOf(gate.enter(call({ route: '/flags' })))).toMatchObject({ code: 'UPSTREAM_RATE_LIMITED' });
  });

  it('of the account holds back every route', async () => {
    const { gate, clock } = startGate();
    const headers = { 'x-ratelimit-global-remaining': '0', 'x-ratelimit-reset': String(clock.now() + 60_000) };
    (await gate.enter(call({ route: '/flags' }))).answer(200, headers);
    expect(await failureOf(gate.enter(call({ route: '/audit' })))).toMatchObject({ retryAfterSeconds: 60 });
  });

  it('is kept to by everybody when a 429 says no more than how long: one tries, then all go', async () => {
    const { gate, clock, take } = startGate();
    (await gate.enter(call())).answer(429, { 'retry-after': '3' });
    const [order] = take(['a', 'b', 'c']);
    expect([await order(), clock.slept]).toEqual([['a'], [3_020]]);
    (await order.passes())[0]?.answer(200, {});
    expect(await order()).toEqual(['a', 'b', 'c']);
  });

  it('is waited for from half a second on, and twice as long each time, when a 429 says nothing', async () => {
    const { gate, clock } = startGate();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const pass = await gate.enter(call());
      pass.answer(429, {});
      pass.leave();
    }
    await gate.enter(call());
    expect(clock.slept).toEqual([520, 1_020, 2_020]);
  });

  it('goes to what is owed first, then to the parts that were served least recently', async () => {
    const { gate, clock, take } = startGate();
    for (const part of ['a', 'b', 'c']) (await gate.enter(call({ part }))).answer(200, {});
    (await gate.enter(call({ part: 'd' }))).answer(
      200,
      limit({ remaining: 0, limit: 1, resetsIn: 2_000, now: clock.now() }),
    );
    const owner = {};
    const [order] = take(['d', 'c', 'b', 'a', 'new'], { owner });
    take(['owed'], { isOwed: true }, order);
    for (let turn = 0; turn < 6; turn += 1) {
      await order();
      (await order.passes())[turn]?.answer(200, limit({ remaining: 1, limit: 1, resetsIn: 2_000, now: clock.now() }));
    }
    expect(await order()).toEqual(['owed', 'new', 'a', 'b', 'c', 'd']);
  });
});

describe('what is known of a limit', () => {
  const window = { limit: 5, resetsAt: NOW + 10_000 };

  it('deducts the calls on their way, and those that ended without an answer', () => {
    const own = createLimit();
    for (let calls = 0; calls < 3; calls += 1) own.take();
    own.note({ ...window, remaining: 4 }, NOW);
    expect(own.left(NOW)).toBe(2);
    own.lose();
    own.giveBack();
    expect(own.left(NOW)).toBe(3);
  });

  it('takes the least of what the answers of one window say, for they overtake each other', () => {
    const own = createLimit();
    for (const remaining of [3, 1, 2]) {
      own.take();
      own.note({ ...window, remaining }, NOW);
    }
    own.take();
    own.note({ limit: 5, remaining: 4, resetsAt: NOW - 500 }, NOW);
    expect(own.left(NOW)).toBe(1);
    own.take();
    own.note({ limit: 5, remaining: 4, resetsAt: NOW + 20_000 }, NOW);
    expect(own.left(NOW)).toBe(4);
  });

  it('is whole again after the reset, and forgotten when an answer no longer names it', () => {
    const own = createLimit();
    own.take();
    own.note({ ...window, remaining: 0 }, NOW);
    expect([own.left(NOW), own.opensAt(NOW)]).toEqual([0, NOW + 10_000]);
    expect([own.left(NOW + 10_000), own.opensAt(NOW + 10_000)]).toEqual([5, 0]);
    own.take();
    own.note(null, NOW + 11_000);
    expect(own.left(NOW + 11_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is nothing when its end is not named, or past', () => {
    for (const resetsAt of [null, NOW - 1]) {
      const own = createLimit();
      own.take();
      own.note({ limit: 5, remaining: 0, resetsAt }, NOW);
      expect(own.left(NOW)).toBe(Number.POSITIVE_INFINITY);
    }
  });
});

describe('a vendor that allows five calls in a second', () => {
  /** Fixed windows, as LaunchDarkly has them. */
  function limited(windowMs = 1_000): { respond: Respond; refused: () => number } {
    let [endsAt, used, refused] = [0, 0, 0];
    return {
      refused: () => refused,
      respond(response) {
        if (Date.now() >= endsAt) [endsAt, used] = [Date.now() + windowMs, 0];
        used += 1;
        const isOver = used > 5;
        if (isOver) refused += 1;
        const headers = {
          'x-ratelimit-route-limit': '5',
          'x-ratelimit-route-remaining': String(Math.max(0, 5 - used)),
          'x-ratelimit-reset': String(endsAt),
        };
        response.sendDate = false;
        json({}, { headers, status: isOver ? 429 : 200 })(response);
      },
    };
  }

  it('is sent no call into a limit that is known, and every feed gets its turn', async () => {
    const { refused, respond } = limited();
    await using vendor = await startVendor(respond);
    await using upstream = connect(vendor.url);
    await ask(upstream, { query: new URLSearchParams({ part: 'first' }) });
    const served = new Set<string>();
    for (let page = 0; page < 15 && served.size < 20; page += 1) {
      const own = budget({ ms: 1_050 });
      const feeds = Array.from({ length: 20 }, (_, feed) => `feed-${feed}`);
      const reads = feeds.map((part) =>
        ask(upstream, { query: new URLSearchParams({ part }), part, budget: own }).then(
          () => served.add(part),
          () => {},
        ),
      );
      await Promise.all(reads);
    }
    // A call may still be on its way when its second ends; without the gate it is most of them.
    expect([served.size, refused() <= 5]).toEqual([20, true]);
  });
});

describe('a wait that is told', () => {
  it.for<[string, () => string]>([
    ['in seconds', () => '60'],
    ['as a date', () => new Date(Date.now() + 60_000).toUTCString()],
  ])('%s is passed on as it is', async ([, retryAfter]) => {
    await using vendor = await startVendor((response) =>
      json({}, { status: 429, headers: { 'retry-after': retryAfter() } })(response),
    );
    await using upstream = connect(vendor.url);
    const failures = [await failureOf(ask(upstream)), await failureOf(ask(upstream))];
    for (const failure of failures) {
      expect(failure).toMatchObject({
        code: 'UPSTREAM_RATE_LIMITED',
        message: 'A vendor limits the rate of requests.',
      });
      expect([59, 60]).toContain((failure as { retryAfterSeconds?: number }).retryAfterSeconds);
    }
    expect(vendor.requests).toHaveLength(1);
  });

  it('with a 503 is passed on, and kept to', async () => {
    await using vendor = await startVendor((response, number) =>
      number < 2 ? json({}, { status: 503, headers: { 'retry-after': '7' } })(response) : json({ ok: true })(response),
    );
    const clock = createTestClock();
    await using upstream = connect(vendor.url, { clock });
    expect(await failureOf(ask(upstream))).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 7 });
    expect(await ask(upstream)).toEqual({ ok: true });
  });
});

function limit({
  remaining,
  limit = 5,
  now,
  resetsIn,
}: {
  remaining: number;
  limit?: number;
  now: number;
  resetsIn: number;
}) {
  return {
    'x-ratelimit-route-limit': String(limit),
    'x-ratelimit-route-remaining': String(remaining),
    'x-ratelimit-reset': String(now + resetsIn),
  };
}

function call(own: Partial<GateCall> = {}): GateCall {
  return {
    owner: {},
    part: 'part',
    route: '/events',
    isHeavy: false,
    isOwed: false,
    budget: budget({ ms: 20_000 }),
    ...own,
  };
}

function startGate({ connections = 100 } = {}) {
  const clock = createTestClock();
  const gate = createGate({ name: 'A vendor', connections, clock });

  /** Asks for these parts at once. Tells who has been let through so far, in their order. */
  function take(parts: readonly string[], own: Partial<GateCall> = {}, into = createOrder()): [Order] {
    for (const part of parts) {
      gate.enter(call({ owner: gate, ...own, part })).then(
        (pass) => into.add(part, pass),
        () => {},
      );
    }
    return [into];
  }

  return { gate, clock, take };
}

type Order = ReturnType<typeof createOrder>;

function createOrder(): (() => Promise<string[]>) & { passes(): Promise<Pass[]>; add(part: string, pass: Pass): void } {
  const order: string[] = [];
  const passes: Pass[] = [];
  const settle = async () => {
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  };
  return Object.assign(
    async () => {
      await settle();
      return [...order];
    },
    {
      async passes() {
        await settle();
        return passes;
      },
      add(part: string, pass: Pass) {
        order.push(part);
        passes.push(pass);
      },
    },
  );
}
