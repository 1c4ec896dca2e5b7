import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { startRealUnleash } from '../support/real-unleash.ts';
import { startRecordingProxy } from '../support/recording-proxy.ts';
import { describeTimeZones } from '../support/time-zones.ts';
import { control, type EventRow, listAllEvents } from '../support/unleash-admin.ts';
import { idsOf, readPage, walk } from '../support/walk.ts';

const PROJECT = 'zones-at-scale';
const EVENTS = 12_000;
const DAY = 24 * 60 * 60 * 1000;

// Here a day ends earliest: the server loses it, and the database's midnight comes first.
describeTimeZones('on both sides of UTC');
describeTimeZones('behind UTC');
describeTimeZones('ahead of UTC');

describe('a real Unleash behind UTC with 12,000 events', () => {
  it('loses none and doubles none in a whole walk, for one call a page', { timeout: 300_000 }, async () => {
    await using unleash = await startRealUnleash({ server: 'America/Los_Angeles', database: 'Etc/GMT+12' });
    for (const rows of inChunks(history(), 2_000)) await control(unleash).insertEvents({ rows });
    const truth = (await listAllEvents(unleash, { project: `IS:${PROJECT}` })).map(({ id }) => String(id));
    expect(truth).toHaveLength(EVENTS);

    await using proxy = await startRecordingProxy(unleash.url);
    await using gateway = await startGateway([
      { vendor: 'unleash', url: proxy.url, apiToken: unleash.adminToken, projects: [PROJECT] },
    ]);
    await readPage(gateway, { first: 1 });
    proxy.requests.length = 0;
    const pages = await walk(gateway, { size: 20 });
    const walked = idsOf(pages);
    const [given, held] = [new Set(walked), new Set(truth)];
    expect({
      lost: truth.filter((id) => !given.has(id)).length,
      doubled: walked.length - given.size,
      foreign: walked.filter((id) => !held.has(id)).length,
      calls: proxy.requests.length,
    }).toEqual({ lost: 0, doubled: 0, foreign: 0, calls: EVENTS / 20 });
    expect(walked).toEqual(truth);
  });
});

/** Over forty days, in no order: most events at a time of their own, every fifth in a millisecond with others. */
function history(): EventRow[] {
  const start = Date.UTC(2026, 1, 1);
  return Array.from({ length: EVENTS }, (_, index) => {
    const place = (index * 7_919) % EVENTS;
    const step = place % 5 === 0 ? Math.floor(place / 50) * 50 : place;
    const time = start + Math.floor((step * 40 * DAY) / EVENTS);
    const micros = String(place % 3).padStart(3, '0');
    return {
      project: PROJECT,
      type: 'feature-environment-enabled',
      feature_name: `zoned-${place % 40}`,
      environment: 'production',
      created_at: new Date(time).toISOString().replace('Z', `${micros}Z`),
    };
  });
}

function inChunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
