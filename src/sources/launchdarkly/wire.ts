/**
 * LaunchDarkly's JSON under LaunchDarkly's names, decoded. `null` means absent, unknown properties are dropped,
 * unknown words are kept: the vendor may add to all of its vocabularies.
 * @see https://launchdarkly.com/docs/api/insights-flag-events-beta/get-flag-events
 */
import { z } from 'zod';
import { EARLIEST, LATEST } from '../../model.ts';

const variationEvalSummary = z.object({
  value: z.json().optional(),
  before: z.number().nullish(),
  after: z.number().nullish(),
});

const flagEventImpactRep = z.object({
  size: z.string().nullish(),
  percentage: z.number().nullish(),
  reason: z.string().nullish(),
  evaluationsSummary: z.object({ variations: z.array(variationEvalSummary).nullish() }).nullish(),
});

const flagEventMemberRep = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
});

const flagEventExperiment = z.object({
  key: z.string(),
  name: z.string(),
  iteration: z.object({
    id: z.string(),
    status: z.string(),
    startedAt: z.number(),
    endedAt: z.number().nullish(),
  }),
});

const flagEventExperimentCollection = z.object({ totalCount: z.number(), items: z.array(flagEventExperiment) });

const flagEventRep = z.object({
  id: z.string().min(1),
  projectId: z.string(),
  projectKey: z.string(),
  flagKey: z.string(),
  eventType: z.string(),
  eventTime: z.int().min(EARLIEST).max(LATEST),
  description: z.string(),
  impact: flagEventImpactRep,
  environmentId: z.string().nullish(),
  environmentKey: z.string().nullish(),
  auditLogEntryId: z.string().nullish(),
  member: flagEventMemberRep.nullish(),
  actions: z.array(z.string()).nullish(),
  experiments: flagEventExperimentCollection.nullish(),
});

const links = z.record(z.string(), z.object({ href: z.string().nullish() }).nullish()).nullish();

export const flagEventCollectionRep = z.object({
  totalCount: z.int().nonnegative(),
  /** `null` for one that is not what the API describes: it costs itself, not its page. */
  items: z.array(flagEventRep.nullable().catch(null)),
  _links: links,
});

/** Keys only: an environment's row also carries its SDK and mobile keys, which must not get further than here. */
const environments = z.object({ items: z.array(z.object({ key: z.string() })), totalCount: z.int().nullish() });

export const environmentCollectionRep = environments;

export type FlagEventRep = z.infer<typeof flagEventRep>;
export type FlagEventImpactRep = z.infer<typeof flagEventImpactRep>;
export type FlagEventExperiment = z.infer<typeof flagEventExperiment>;
export type FlagEventMemberRep = z.infer<typeof flagEventMemberRep>;
export type VariationEvalSummary = z.infer<typeof variationEvalSummary>;
