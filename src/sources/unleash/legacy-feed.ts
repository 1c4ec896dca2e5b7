/**
 * The events of an Unleash without a search: one listing of the newest hundred, or of a project's newest fifty.
 * It cannot be paged, so a walk through it ends at its horizon, and says so.
 * @see https://docs.getunleash.io/reference/api/unleash/get-events
 */
import type { Budget } from '../../model.ts';
import type { FeedPage, FeedRequest, FeedRow, Start } from '../../timeline/feed.ts';
import { narrow } from '../../timeline/filter.ts';
import { rowsBeyond, toNewestFirst, unseen } from '../paging/rows.ts';
import type { UnleashClient } from './client.ts';
import { toFlagEvent, type UnleashEvent, VENDOR } from './event.ts';
import type { UnleashFeed } from './feed.ts';
import { canMatch, holdsText, matches, unleashPartOf } from './filter.ts';

export interface LegacyFeedOptions {
  client: UnleashClient;
  source: string;
  url: URL;
  projects: readonly string[] | undefined;
}

/** The least that any version lists of all there is; fewer rows are everything. */
const MIN_CAP = 50;

export function createLegacyFeed({ client, projects, source, url }: LegacyFeedOptions): UnleashFeed {
  const origin = { source, feed: source, url };

  async function listProject(project: string | null, budget: Budget, isFresh = false) {
    const { events, total } = await client.listRecentEvents(project, { budget, isFresh });
    const rows = events.flatMap((event): FeedRow[] => (event ? [{ event: toFlagEvent(event, origin) }] : []));
    const isCut = total === null ? events.length >= MIN_CAP : total > events.length;
    return {
      rows,
      skipped: events.length - rows.length,
      horizon: isCut ? Math.min(...rows.map(({ event }) => event.occurredAt)) : undefined,
    };
  }

  async function read({ budget, direction, filter: given, isFresh, limit, start }: FeedRequest): Promise<FeedPage> {
    const { filter } = narrow(given, source);
    const only = filter.projects?.filter((project) => projects?.includes(project) ?? true) ?? projects ?? [null];
    const listings = await Promise.all(only.map((project) => listProject(project, budget, isFresh)));
    const rows = rowsBeyond(
      toNewestFirst(
        unseen(
          listings.flatMap((listing) => listing.rows),
          [],
        ),
        undefined,
      ),
      start,
      direction,
      undefined,
    );
    const nearest = direction === 'older' ? rows : rows.slice(-limit);
    const horizon = Math.max(...listings.map((listing) => listing.horizon ?? Number.NEGATIVE_INFINITY));
    return {
      rows: nearest,
      reached: nearest.length < rows.length ? startAfter(nearest[0]) : null,
      skipped: listings.reduce((sum, { skipped }) => sum + skipped, 0),
      ...(Number.isFinite(horizon) && { reachesBackTo: horizon }),
    };
  }

  return {
    key: source,
    source,
    canMatch: (filter) => canMatch(narrow(filter, source).filter, projects),
    pushdown: () => ({ key: '', isWhole: false, isCheckable: true }),
    matches(event, filter) {
      const own = event as UnleashEvent;
      return event.vendor === VENDOR && matches(own, filter, projects) && holdsText(own, unleashPartOf(filter).text);
    },
    read,
    async find(_wanted, budget) {
      const listings = await Promise.all((projects ?? [null]).map((project) => listProject(project, budget)));
      return listings.flatMap(({ rows }) => rows).map(({ event }) => event as UnleashEvent);
    },
    count: async () => null,
  };
}

/** Going on from there towards newer rows. */
function startAfter(row: FeedRow | undefined): Start | null {
  return row ? { time: row.event.occurredAt, id: row.event.id } : null;
}
