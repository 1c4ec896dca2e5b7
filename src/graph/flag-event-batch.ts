/** `Subscription.flagEventsAdded`: batches of events as they become readable. */
import type { GraphQLResolveInfo } from 'graphql';
import type { FlagEvent } from '../model.ts';
import type { GatewayContext } from '../request/context.ts';
import type { LiveBatch } from '../request/live.ts';
import { decodeCursor, encodeCursor } from '../timeline/cursor.ts';
import type { Builder } from './builder.ts';
import { type ConnectionShape, Edge, MAX_PAGE_SIZE, reportOn, type SourceReport, type Vendor } from './connection.ts';
import { detailFailures } from './detail.ts';
import type { EventConnectionTypes } from './event-connection.ts';
import { digestFor, type FilterInput, type FilterRef, selectSources, toEventFilter } from './filter.ts';
import type { FlagTypes } from './flag-event.ts';
import { isSelectedOnNodes, selectedNodeFields } from './selection.ts';

interface BatchShape {
  edges: ConnectionShape['edges'];
  updated: readonly FlagEvent[];
  readonly cursor: string;
  isCaughtUp: boolean;
  reports: SourceReport[];
}

interface Arguments {
  since?: string | null | undefined;
  filter?: FilterInput | null | undefined;
}

/** How many events a batch may have, for limits that weigh queries. */
const BATCH = { assumedSize: MAX_PAGE_SIZE };

export function defineSubscription(
  builder: Builder,
  { FlagEvent }: FlagTypes,
  vendors: readonly Vendor[],
  filter: FilterRef,
  { FlagEventEdge, FlagSourceReport }: EventConnectionTypes,
): void {
  const FlagEventBatch = builder.objectRef<BatchShape>('FlagEventBatch').implement({
    description:
      'Events that have become readable, at most 100 of them. A batch may have none: the first one, which says where to go on, and one that says that a source fails, or answers again.',
    fields: (t) => ({
      edges: t.field({
        type: [FlagEventEdge],
        listSize: BATCH,
        description: 'The events of this batch, newest first, each with its cursor: its place in the timeline.',
        resolve: ({ edges }) => edges,
      }),
      nodes: t.field({
        type: [FlagEvent],
        listSize: BATCH,
        description: 'The events of this batch, newest first, without their cursors.',
        resolve: ({ edges }) => edges.map(({ node }) => node),
      }),
      updated: t.field({
        type: [FlagEvent],
        listSize: BATCH,
        description:
          'Events that were readable before and have been completed since: the impact of LaunchDarkly’s, up to eleven minutes later. Replace them by their `id`. What is completed while nobody is subscribed is not told: read such an event again with `node`.',
        resolve: ({ updated }) => [...updated],
      }),
      cursor: t.exposeString('cursor', {
        description:
          'Where to go on: pass it as `since` to follow on from here, with nothing lost and nothing twice. As `after` of `flagEvents` with the same filter it reads what was there at the time of this batch, as `before` what has come since. Up to 10,000 characters.',
      }),
      isCaughtUp: t.exposeBoolean('isCaughtUp', {
        description: 'False while events that are readable already are still being brought up, in further batches.',
      }),
      sources: t.field({
        type: [FlagSourceReport],
        description:
          'How each source that the filter leaves answers now. `LATE`: this batch has events of it that are older than some that were given before.',
        resolve: ({ reports }) => reports,
      }),
    }),
  });

  builder.subscriptionType({
    description: 'What happens from now on, or from a place in the timeline on.',
    fields: (t) => ({
      flagEventsAdded: t.field({
        type: FlagEventBatch,
        description:
          'Every event once, as it becomes readable, over Server-Sent Events or a WebSocket. Events come up to a few seconds after they happen (`POLL_INTERVAL_MS`), and those of one source may come after newer ones of another. One that its vendor makes readable more than a minute after newer ones may be missed by who is not subscribed at that time. Where more than 400 events of the last minute have to be remembered in a cursor, going on from it may give the oldest of them again. A source that fails does not end the subscription: see `sources`. The gateway ends it with an error of code `SUBSCRIPTION_ENDED`, for example when it shuts down: go on with the last cursor as `since`.',
        args: {
          since: t.arg.string({
            description:
              'Where to begin: the `cursor` of a batch, or any cursor of `flagEvents` with the same filter, of any age. What is newer comes first, the oldest of it in the first batch. Without it, from now on.',
          }),
          filter: t.arg({
            type: filter,
            description: 'Which events to keep. Keep the filter itself the same while going on.',
          }),
        },
        subscribe: (_root, args, context, info) => subscribe(args, vendors, context, info) as AsyncIterable<LiveBatch>,
        resolve: (batch, args, context, info) => toShape(batch as LiveBatch, args, context, info),
      }),
    }),
  });
}

/** Throws `BadInputError` naming the argument. */
function subscribe(
  { filter: given, since = null }: Arguments,
  vendors: readonly Vendor[],
  context: GatewayContext,
  info: GraphQLResolveInfo,
): AsyncIterable<LiveBatch> {
  const input = given ?? {};
  // A browser that lost its connection asks the same again, and says besides what it has had last.
  const { resumeAt } = context;
  const [place, argument] = resumeAt === null ? [since, 'since'] : [resumeAt, 'Last-Event-ID'];
  return context.live.subscribe({
    sources: selectSources(context.sources, input),
    filter: toEventFilter(input, vendors, context.scope),
    // That of pages without a flag of their own: their cursors are the same.
    since: place === null ? null : decodeCursor(place, digestFor(input, context.scope), argument),
    fields: selectedNodeFields(info),
  });
}

function toShape(
  { cursor, edges, isCaughtUp, reports, updated }: LiveBatch,
  { filter }: Arguments,
  context: GatewayContext,
  info: GraphQLResolveInfo,
): BatchShape {
  const input = filter ?? {};
  const digest = digestFor(input, context.scope);
  if (reports.some(({ skipped, status }) => status === 'FAILED' || skipped > 0)) context.isPartial = true;
  const place = () => encodeCursor(cursor, digest);
  context.place = place;
  return {
    edges: edges.map((edge) => new Edge(edge, digest)),
    updated,
    get cursor() {
      return place();
    },
    isCaughtUp,
    reports: selectSources(context.sources, input).flatMap((source) =>
      reportOn(
        source,
        reports,
        async () => null,
        () => {
          const events = edges.flatMap(({ event }) => (event.source === source.id ? [event] : []));
          return detailFailures(
            context,
            events,
            source.details.filter((field) => isSelectedOnNodes(info, field)),
          );
        },
      ),
    ),
  };
}
