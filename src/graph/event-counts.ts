/** `Query.flagEventCounts`: how many events there were, for a chart over time. */
import { BadInputError } from '../errors.ts';
import type { FlagEventKind } from '../model.ts';
import type { GatewayContext } from '../request/context.ts';
import { type Bucket, type Counts, countEvents, MAX_COUNTED } from '../timeline/counts.ts';
import type { Builder } from './builder.ts';
import { reportOn, type SourceReport, type Vendor } from './connection.ts';
import type { EventConnectionTypes } from './event-connection.ts';
import { type FilterInput, type FilterRef, selectSources, toEventFilter } from './filter.ts';
import type { FlagTypes } from './flag-event.ts';

interface CountsShape extends Omit<Counts, 'reports'> {
  reports: SourceReport[];
}

const DEFAULT_BUCKETS = 60;
const MAX_BUCKETS = 200;
const BUCKETS = { assumedSize: MAX_BUCKETS };
const KINDS = { assumedSize: 22 };
const ENVIRONMENTS = { assumedSize: 20 };

export function defineEventCounts(
  builder: Builder,
  types: FlagTypes,
  vendors: readonly Vendor[],
  filter: FilterRef,
  { FlagSourceReport }: EventConnectionTypes,
): void {
  const FlagKindCount = builder.objectRef<{ kind: FlagEventKind; count: number }>('FlagKindCount').implement({
    description: 'How many events of one kind there were.',
    fields: (t) => ({
      kind: t.expose('kind', { type: types.FlagEventKind, description: 'The kind.' }),
      count: t.exposeInt('count', { description: 'How many; 1 or more.' }),
    }),
  });
  const FlagEnvironmentCount = builder
    .objectRef<{ environment: string | null; count: number }>('FlagEnvironmentCount')
    .implement({
      description: 'How many events there were in environments of one key, whatever their projects and sources.',
      fields: (t) => ({
        environment: t.exposeString('environment', {
          nullable: true,
          description: 'The key of the environment; null for events that concern none, or all of them.',
        }),
        count: t.exposeInt('count', { description: 'How many; 1 or more.' }),
      }),
    });
  const FlagEventBucket = builder.objectRef<Bucket>('FlagEventBucket').implement({
    description: 'How many events there were in one span of time.',
    fields: (t) => ({
      from: t.field({
        type: 'DateTime',
        description: 'Its beginning.',
        resolve: ({ from }) => new Date(from) as never,
      }),
      to: t.expose('to', { type: 'DateTime', description: 'Its end, which is not in it.' }),
      total: t.exposeInt('total', { description: 'How many events there were.' }),
      kinds: t.field({
        type: [FlagKindCount],
        listSize: KINDS,
        description: 'The same by kind, the most frequent first. They add up to `total`.',
        resolve: ({ kinds }) => byCount(kinds).map(([kind, count]) => ({ kind, count })),
      }),
      environments: t.field({
        type: [FlagEnvironmentCount],
        listSize: ENVIRONMENTS,
        description: 'The same by environment, the most frequent first. They add up to `total`.',
        resolve: ({ environments }) => byCount(environments).map(([environment, count]) => ({ environment, count })),
      }),
    }),
  });
  const FlagEventCounts = builder.objectRef<CountsShape>('FlagEventCounts').implement({
    description: 'How many events there were, in equal spans of time.',
    fields: (t) => ({
      total: t.exposeInt('total', { description: 'How many events have been counted.' }),
      isComplete: t.exposeBoolean('isComplete', {
        description: `True if every event that matches has been counted. False when a source fails or does not reach back to \`from\`, when an event could not be read, when there are more than ${MAX_COUNTED} events, or when the request has made as many upstream calls as it may: the newest events have been counted then.`,
      }),
      buckets: t.field({
        type: [FlagEventBucket],
        listSize: BUCKETS,
        description:
          'The spans, the oldest first, those without events included. Their lengths differ by at most a millisecond.',
        resolve: ({ buckets }) => buckets,
      }),
      sources: t.field({
        type: [FlagSourceReport],
        description: 'How each source that the filter leaves has answered.',
        resolve: ({ reports }) => reports,
      }),
    }),
  });
  builder.queryField('flagEventCounts', (t) =>
    t.field({
      type: FlagEventCounts,
      nullable: true,
      description: `How many events there were, in equal spans of time, by kind and environment: for a chart. The events are read as by \`flagEvents\`, in large pages, and those older than fifteen minutes are remembered: 1,000 events of Unleash, or 50 of an environment of LaunchDarkly, cost one upstream call the first time. Null, with an error, only if every source fails.`,
      args: {
        filter: t.arg({
          type: filter,
          required: true,
          description: 'Which events to count. `from` and `to` are required.',
        }),
        buckets: t.arg.int({
          required: true,
          defaultValue: DEFAULT_BUCKETS,
          description: `How many spans, 1 to ${MAX_BUCKETS}.`,
        }),
      },
      resolve: (_root, { buckets, filter: input }, context) => count(input, buckets, vendors, context),
    }),
  );
}

async function count(
  input: FilterInput,
  buckets: number,
  vendors: readonly Vendor[],
  context: GatewayContext,
): Promise<CountsShape> {
  const filter = toEventFilter(input, vendors, context.scope);
  const { from, to } = filter.window;
  if (from === null) throw new BadInputError('filter.from', '`filter.from` is required here.');
  if (to === null) throw new BadInputError('filter.to', '`filter.to` is required here.');
  if (buckets < 1 || buckets > MAX_BUCKETS) {
    throw new BadInputError('buckets', `\`buckets\` must be from 1 to ${MAX_BUCKETS}.`, { max: MAX_BUCKETS });
  }
  const { budget, noteFailure, now, readFeed } = context;
  const sources = selectSources(context.sources, input);
  const parts = sources.flatMap((source) => source.parts);
  const request = { from, to, buckets, filter, now, budget, read: readFeed, onFailure: noteFailure };
  const { reports, ...counts } = await countEvents(parts, request);
  if (reports.some(({ skipped, status }) => status === 'FAILED' || skipped > 0)) context.isPartial = true;
  const unknown = async () => null;
  return { ...counts, reports: sources.flatMap((source) => reportOn(source, reports, unknown, async () => [])) };
}

function byCount<K>(counts: ReadonlyMap<K, number>): [K, number][] {
  return [...counts].toSorted(([, a], [, b]) => b - a);
}
