import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createLive } from '../../src/live/live.ts';
import { follow, hasEvents, isCaughtUp } from '../support/follow.ts';
import { createEvent, createMemoryFeed } from '../support/memory-feed.ts';
import { createMemorySource } from '../support/memory-source.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const FOLLOWERS = 1_000;
const EVENTS = 10_000;
const KEPT_BY_FEED = 2_000;
/** Of one follower, in bytes, and of one event. */
const SPARE_BYTES = 30_000;
const EVENT_BYTES = 3_000;

it('a follower who takes nothing costs the same memory, however much happens', { timeout: 60_000 }, async () => {
  let time = Date.now();
  const feed = createMemoryFeed('a', [createEvent('a', 'first', time)], 500);
  const sources = [createMemorySource('s', [feed])];
  const live = createLive({
    pollIntervalMs: 5,
    minGapMs: 1,
    requestTimeoutMs: 1_000,
    upstreamCallsPerRequest: 100,
    now: () => time,
  });
  const heap = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const quick = follow(live, sources);
  await quick.until(isCaughtUp);
  let made = 0;
  const happen = async (count: number) => {
    for (const until = made + count; made < until; ) {
      for (let burst = 0; burst < 200; burst += 1) {
        time += 1_000;
        made += 1;
        feed.events.unshift(createEvent('a', `e${made}`, time));
      }
      await quick.until(hasEvents(200));
      quick.batches.length = 0;
      // What the vendor keeps is not the gateway's.
      feed.events.length = Math.min(feed.events.length, KEPT_BY_FEED);
      feed.requests.length = 0;
    }
  };
  await happen(KEPT_BY_FEED);
  const alone = heap();
  const slow = Array.from({ length: FOLLOWERS }, () => follow(live, sources));
  await Promise.all(slow.map((each) => each.until(isCaughtUp)));
  const together = heap();
  expect((together - alone) / FOLLOWERS).toBeLessThan(SPARE_BYTES);
  await happen(EVENTS);
  expect(heap() - together).toBeLessThan(1_000 * EVENT_BYTES);
  live.shutDown('TEST_IS_OVER');
});
