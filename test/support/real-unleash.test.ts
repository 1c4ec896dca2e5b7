import { beforeAll, describe, expect, inject, it } from 'vitest';
import { control, createUnleashAdmin, listAllEvents, searchEvents, seedHistory } from './unleash-admin.ts';

const unleash = inject('unleash');
const project = 'harness';
const ours = { project: `IS:${project}` };

describe('the real Unleash', () => {
  beforeAll(() => seedHistory(unleash, { project, prefix: 'harness', flags: 24 }), 60_000);

  it('is the version of the package', () => {
    expect(unleash.version).toBe('8.2.0');
  });

  it('holds at least 300 events of at least 15 types after seeding', async () => {
    const events = await listAllEvents(unleash, ours);
    expect(events.length).toBeGreaterThanOrEqual(300);
    expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThanOrEqual(15);
  });

  it('lists events from the newest to the oldest', async () => {
    const times = (await listAllEvents(unleash, ours)).map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('counts what it lists', async () => {
    const events = await listAllEvents(unleash, ours);
    const { total } = await searchEvents(unleash, { ...ours, limit: '1' });
    expect(total).toBe(events.length);
    expect(new Set(events.map(({ id }) => id)).size).toBe(total);
  });

  it('shows an event as soon as the change is answered', async () => {
    const admin = createUnleashAdmin(unleash, project);
    await admin.createFlag('harness-visible');
    const { events } = await searchEvents(unleash, { feature: 'IS:harness-visible' });
    expect(events.map(({ type }) => type)).toEqual(['feature-created']);
  });

  it('answers 100 events on the legacy endpoint, whatever limit is asked', async () => {
    const response = await fetch(`${unleash.url}/api/admin/events?limit=7`, {
      headers: { authorization: unleash.adminToken },
    });
    const { events } = (await response.json()) as { events: unknown[] };
    expect(events).toHaveLength(100);
  });

  it('keeps raw rows as they are: back-dated, tied, microseconds apart, of unknown type', async () => {
    const row = (type: string, created_at: string) => ({ type, created_at, project: 'harness-raw', data: { type } });
    const ids = await control(unleash).insertEvents({
      rows: [
        row('later-by-a-microsecond', '2026-01-31T10:00:00.123002Z'),
        row('earlier', '2026-01-31T10:00:00.123001Z'),
        row('tied', '2026-01-31T10:00:00.123001Z'),
      ],
    });
    const events = await listAllEvents(unleash, { project: 'IS:harness-raw' });
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(events.map(({ type }) => type)).toEqual(['later-by-a-microsecond', 'tied', 'earlier']);
    expect(events.map(({ createdAt }) => createdAt)).toEqual(Array(3).fill('2026-01-31T10:00:00.123Z'));
    expect(events[0]?.data).toEqual({ type: 'later-by-a-microsecond' });
  });
});
