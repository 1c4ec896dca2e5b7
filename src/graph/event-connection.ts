/** `FlagEventConnection`: a page of events, and how each source has answered for it. */
import type { Builder } from './builder.ts';
import { type ConnectionShape, type SourceReport, sumTotals } from './connection.ts';
import type { FlagTypes } from './flag-event.ts';

export type EventConnectionTypes = ReturnType<typeof defineEventConnection>;
export type EventConnectionRef = EventConnectionTypes['FlagEventConnection'];

export function defineEventConnection(builder: Builder, types: FlagTypes) {
  const FlagSourceReport = defineSourceReport(builder, types);
  const FlagEventEdge = builder.edgeObject({
    type: types.FlagEvent,
    name: 'FlagEventEdge',
    description: 'One flag event and its place in the timeline.',
  });
  const FlagEventConnection = builder.connectionObject<FlagTypes['FlagEvent'], ConnectionShape>(
    {
      type: types.FlagEvent,
      name: 'FlagEventConnection',
      description: 'A page of flag events, newest first.',
      fields: (t) => ({
        totalCount: t.int({
          nullable: true,
          description:
            'How many events match, on all pages of all sources. Null when it cannot be known: with a filter that a vendor cannot apply itself, or when a source fails. No vendor says exactly which moments a window of time has, so with `from` or `to` it is known as long as LaunchDarkly has no event within a millisecond of them, or at most 100 events in an environment, and Unleash at most 1,000 on the days around it; of one flag, as long as it has at most 100 events in an environment of LaunchDarkly. May cost one upstream call per feed, two with a window.',
          resolve: ({ reports }) => sumTotals(reports),
        }),
        sources: t.field({
          type: [FlagSourceReport],
          description: 'How each source that the filter leaves has answered for this page.',
          resolve: ({ reports }) => reports,
        }),
      }),
    },
    FlagEventEdge,
  );
  return { FlagEventConnection, FlagEventEdge, FlagSourceReport };
}

function defineSourceReport(builder: Builder, { FlagSource, FlagSourceStatus }: FlagTypes) {
  const FlagSourceFailure = builder.objectRef<NonNullable<SourceReport['failure']>>('FlagSourceFailure').implement({
    description: 'Why a source could not be read.',
    fields: (t) => ({
      code: t.exposeString('code', {
        description:
          '`UPSTREAM_UNAVAILABLE`, `UPSTREAM_TIMEOUT`, `UPSTREAM_RATE_LIMITED`, `UPSTREAM_REJECTED` (credentials or permissions), or `UPSTREAM_CALLS_SPENT`: this request has made as many upstream calls as one may.',
      }),
      message: t.exposeString('message', { description: 'For people; it may change.' }),
      retryAfterSeconds: t.exposeInt('retryAfterSeconds', {
        nullable: true,
        description: 'How long the vendor asks to wait, in seconds, if it does.',
      }),
    }),
  });
  return builder.objectRef<SourceReport>('FlagSourceReport').implement({
    description: 'How one source has answered for a page.',
    fields: (t) => ({
      source: t.expose('source', { type: FlagSource, description: 'The source.' }),
      status: t.expose('status', { type: FlagSourceStatus, description: 'Whether its events are complete here.' }),
      failure: t.expose('failure', {
        type: FlagSourceFailure,
        nullable: true,
        description: 'Why it failed; null unless it did.',
      }),
      failedFeeds: t.exposeStringList('failedFeeds', {
        description:
          'Which feeds of the source failed: `launchdarkly/web/production` is an environment of a project, `launchdarkly/web/*` what concerns all of its environments, or its audit log where that is read instead, `launchdarkly/web` a project whose environments could not be listed, `unleash-eu` a whole instance of that name. The events of all others are on the page.',
      }),
      skippedEvents: t.exposeInt('skipped', {
        description:
          'How many events were left out of this page because the vendor could not give them or what it gave made no sense. `extensions.partial` is true then, too.',
      }),
      notices: t.exposeStringList('notices', {
        description:
          'What people should know of the source’s events although nothing has failed, for example that they come from LaunchDarkly’s audit log, which knows of no impact. The wording may change.',
      }),
      missingDetails: t.int({
        description:
          'How many details of events on this page are null because they could not be had: LaunchDarkly’s `auditLogEntry` and its `changes`, where they are selected and not deferred. An entry that LaunchDarkly does not have, or not yet, counts, too.',
        resolve: async (report) => (await report.missingDetails()).length,
      }),
      detailsFailure: t.field({
        type: FlagSourceFailure,
        nullable: true,
        description:
          'Why such details are missing: what failed first. Null if none are. The events themselves are complete.',
        resolve: async (report) => (await report.missingDetails())[0] ?? null,
      }),
      reachesBackTo: t.expose('reachesBackTo', {
        type: 'DateTime',
        nullable: true,
        description:
          'The source shows nothing older than this; null if it goes back to its beginning, or was not asked for this page.',
      }),
      totalCount: t.int({
        nullable: true,
        description:
          'How many of its events match, on all pages; null when it cannot be known, as in `FlagEventConnection.totalCount`. May cost one upstream call per feed, two with a window of time.',
        resolve: (report) => report.totalCount(),
      }),
    }),
  });
}
