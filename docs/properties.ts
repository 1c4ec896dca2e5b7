/**
 * Every property and parameter of the vendors' APIs that the gateway reads, and where it is in the graph, or why it is not.
 * `docs/properties.md` is printed from it by `node docs/print-properties.ts`; a test compares it with the vendors' schemas.
 */

/** Where it is: coordinates of the graph, such as `FlagEvent.title` or `FlagEventFilter.kinds`; or why it is left out. */
export type Place = { in: readonly string[]; note?: string } | { leftOut: string };

export interface Section {
  title: string;
  /** What the table is about, with the vendor's own page about it. */
  about: string;
  /** By the vendor's own name, with dots where it is inside of another. */
  rows: Readonly<Record<string, Place>>;
}

const LINKS = {
  leftOut: 'An address inside the vendor’s API, which only the gateway may call. For people there is `url`.',
};
const PAGING = { leftOut: 'The gateway pages by itself: `first`, `after`, `last`, `before`.' };
const ERROR = {
  leftOut:
    'A vendor’s words about a request of the gateway’s are no business of its clients, and may repeat what they must not see: `FlagSourceFailure` says what became of it.',
};

export const sections = {
  launchDarklyEvent: {
    title: 'LaunchDarkly: a flag event',
    about:
      'An item of [`GET /api/v2/engineering-insights/flag-events`](https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events).',
    rows: {
      id: { in: ['LaunchDarklyFlagEvent.eventId'], note: 'also inside `id`, with which `node` finds the event again' },
      projectId: { in: ['LaunchDarklyFlagEvent.projectId'] },
      projectKey: { in: ['FlagProject.key'] },
      environmentId: { in: ['LaunchDarklyFlagEvent.environmentId'] },
      environmentKey: { in: ['FlagEnvironment.key'] },
      flagKey: { in: ['FeatureFlag.key'] },
      eventType: { in: ['FlagEvent.type', 'FlagEvent.title', 'FlagEvent.kind'] },
      eventTime: { in: ['FlagEvent.occurredAt'] },
      description: { in: ['LaunchDarklyFlagEvent.description'] },
      auditLogEntryId: { in: ['LaunchDarklyFlagEvent.auditLogEntryId'] },
      member: { in: ['LaunchDarklyFlagEvent.member', 'FlagEvent.actor'] },
      'member.id': { in: ['LaunchDarklyMember.memberId', 'LaunchDarklyMember.id'] },
      'member.email': { in: ['LaunchDarklyMember.email', 'FlagActor.email'] },
      'member.firstName': { in: ['LaunchDarklyMember.firstName', 'FlagActor.name'] },
      'member.lastName': { in: ['LaunchDarklyMember.lastName', 'FlagActor.name'] },
      actions: { in: ['LaunchDarklyFlagEvent.actions'] },
      impact: { in: ['LaunchDarklyFlagEvent.impact'] },
      'impact.size': { in: ['LaunchDarklyImpact.size'] },
      'impact.percentage': { in: ['LaunchDarklyImpact.percentage'] },
      'impact.reason': { in: ['LaunchDarklyImpact.reason'] },
      'impact.evaluationsSummary': { in: ['LaunchDarklyImpact.evaluationsSummary'] },
      'impact.evaluationsSummary.variations': { in: ['LaunchDarklyEvaluationsSummary.variations'] },
      'impact.evaluationsSummary.variations.value': { in: ['LaunchDarklyVariationEvaluations.value'] },
      'impact.evaluationsSummary.variations.before': { in: ['LaunchDarklyVariationEvaluations.before'] },
      'impact.evaluationsSummary.variations.after': { in: ['LaunchDarklyVariationEvaluations.after'] },
      experiments: { in: ['LaunchDarklyFlagEvent.experiments'], note: 'asked for only when it is selected' },
      'experiments.totalCount': { in: ['LaunchDarklyExperimentConnection.totalCount'] },
      'experiments.items': { in: ['LaunchDarklyExperimentConnection.edges', 'LaunchDarklyExperimentConnection.nodes'] },
      'experiments.items.key': { in: ['LaunchDarklyExperiment.key'] },
      'experiments.items.name': { in: ['LaunchDarklyExperiment.name'] },
      'experiments.items._links': LINKS,
      'experiments.items.iteration': { in: ['LaunchDarklyExperiment.iteration'] },
      'experiments.items.iteration.id': {
        in: ['LaunchDarklyExperimentIteration.iterationId', 'LaunchDarklyExperimentIteration.id'],
      },
      'experiments.items.iteration.status': { in: ['LaunchDarklyExperimentIteration.status'] },
      'experiments.items.iteration.startedAt': { in: ['LaunchDarklyExperimentIteration.startedAt'] },
      'experiments.items.iteration.endedAt': { in: ['LaunchDarklyExperimentIteration.endedAt'] },
      'experiments.items.iteration._links': LINKS,
    },
  },
  launchDarklyPage: {
    title: 'LaunchDarkly: a page of them',
    about: 'The answer around the items.',
    rows: {
      totalCount: { in: ['FlagEventConnection.totalCount', 'FlagSourceReport.totalCount'] },
      items: { in: ['FlagEventConnection.edges', 'FlagEventConnection.nodes'] },
      _links: PAGING,
    },
  },
  launchDarklyError: {
    title: 'LaunchDarkly: an error',
    about: 'What it answers in the place of a page.',
    rows: {
      code: ERROR,
      message: ERROR,
      id: ERROR,
      errors: ERROR,
    },
  },
  launchDarklyParameters: {
    title: 'LaunchDarkly: what can be asked for',
    about: 'The parameters of the same call.',
    rows: {
      'LD-API-Version': { leftOut: 'Always `beta`, without which LaunchDarkly refuses the call.' },
      projectKey: { in: ['FlagEventFilter.projects'], note: 'of those that are configured; each is a call of its own' },
      environmentKey: {
        in: ['FlagEventFilter.environments'],
        note: 'of those that are configured; each is a call of its own',
      },
      applicationKey: { in: ['LaunchDarklyFlagEventFilter.applicationKeys'] },
      query: { in: ['FlagEventFilter.flagKeys'], note: 'of one flag; of several, the rows are checked here' },
      impactSize: { in: ['LaunchDarklyFlagEventFilter.impactSizes'] },
      hasExperiments: { in: ['LaunchDarklyFlagEventFilter.hasExperiments'] },
      global: { in: ['LaunchDarklyFlagEventFilter.global'] },
      expand: { in: ['LaunchDarklyFlagEvent.experiments'], note: 'by being selected' },
      limit: PAGING,
      from: { in: ['FlagEventFilter.from'] },
      to: { in: ['FlagEventFilter.to'] },
      after: PAGING,
      before: PAGING,
    },
  },
  unleashEvent: {
    title: 'Unleash: an event',
    about:
      'A row of [`GET /api/admin/search/events`](https://docs.getunleash.io/reference/api/unleash/search-events), or of `GET /api/admin/events` on servers before 6.2.',
    rows: {
      id: { in: ['UnleashFlagEvent.eventId'], note: 'also inside `id`, with which `node` finds the event again' },
      createdAt: { in: ['FlagEvent.occurredAt'] },
      type: { in: ['FlagEvent.type', 'FlagEvent.kind', 'FlagEvent.title'] },
      createdBy: { in: ['UnleashFlagEvent.createdBy', 'FlagActor.name', 'FlagActor.email'] },
      createdByUserId: { in: ['UnleashFlagEvent.createdByUserId', 'FlagActor.kind'] },
      environment: { in: ['FlagEnvironment.key'] },
      project: { in: ['FlagProject.key'] },
      featureName: { in: ['FeatureFlag.key'] },
      data: { in: ['UnleashFlagEvent.data', 'UnleashFlagEvent.changes'], note: 'secrets are replaced' },
      preData: { in: ['UnleashFlagEvent.preData', 'UnleashFlagEvent.changes'], note: 'secrets are replaced' },
      tags: { in: ['UnleashFlagEvent.tags'] },
      'tags.type': { in: ['UnleashTag.type'] },
      'tags.value': { in: ['UnleashTag.value'] },
      'tags.color': { leftOut: 'Decoration of Unleash’s own pages, and only there for some events.' },
      label: { in: ['UnleashFlagEvent.label', 'FlagEvent.title'] },
      summary: { in: ['UnleashFlagEvent.summary'] },
      ip: {
        leftOut:
          'The address somebody worked from is personal data that no question about a flag needs. Only the Enterprise edition has it.',
      },
      groupType: { in: ['UnleashFlagEvent.groupType'] },
      groupId: { in: ['UnleashFlagEvent.groupId'] },
    },
  },
  unleashPage: {
    title: 'Unleash: a page of them',
    about: 'The answers around the rows, of either call.',
    rows: {
      events: { in: ['FlagEventConnection.edges', 'FlagEventConnection.nodes'] },
      total: { in: ['FlagEventConnection.totalCount', 'FlagSourceReport.totalCount'] },
      totalEvents: { leftOut: 'It counts every event of the instance, or more than the call lists.' },
      version: { leftOut: 'The version of the answer’s format, which is always 1.' },
    },
  },
  unleashParameters: {
    title: 'Unleash: what can be asked for',
    about: 'The parameters of both calls.',
    rows: {
      query: { in: ['UnleashFlagEventFilter.text'] },
      id: { in: ['Query.node', 'Query.nodes'], note: 'by the ids of this graph' },
      groupId: { in: ['UnleashFlagEventFilter.groupId'] },
      feature: { in: ['FlagEventFilter.flagKeys', 'FeatureFlag.events'] },
      project: { in: ['FlagEventFilter.projects'] },
      type: { in: ['FlagEventFilter.types', 'FlagEventFilter.kinds'] },
      createdBy: { in: ['UnleashFlagEventFilter.createdByUserIds'], note: 'by number, as Unleash takes it' },
      environment: { in: ['FlagEventFilter.environments'] },
      from: { in: ['FlagEventFilter.from'], note: 'Unleash takes days; the gateway cuts to the millisecond' },
      to: { in: ['FlagEventFilter.to'], note: 'Unleash takes days; the gateway cuts to the millisecond' },
      offset: PAGING,
      limit: PAGING,
    },
  },
} satisfies Record<string, Section>;
