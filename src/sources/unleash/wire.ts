/**
 * Unleash's JSON under Unleash's names, decoded. Null and absent mean the same, unknown properties are dropped, and
 * types, data and previous data are taken as they come.
 * @see https://docs.getunleash.io/reference/api/unleash/search-events
 */
import { z } from 'zod';
import { EARLIEST, LATEST } from '../../model.ts';

const tagSchema = z.object({ type: z.string().nullish(), value: z.string() });

const eventSchema = z.object({
  id: z.int(),
  type: z.string().min(1),
  createdBy: z.string().nullish(),
  createdByUserId: z.int().nullish(),
  createdAt: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .refine((time) => time >= EARLIEST && time <= LATEST),
  data: z.json().nullish(),
  preData: z.json().nullish(),
  tags: z.array(tagSchema).nullish(),
  featureName: z.string().nullish(),
  project: z.string().nullish(),
  environment: z.string().nullish(),
  groupType: z.string().nullish(),
  groupId: z.string().nullish(),
  label: z.string().nullish(),
  summary: z.string().nullish(),
});

/** `null` for one that is not what the API describes: it costs itself, not its page. */
const events = z.array(eventSchema.nullable().catch(null));

/** The answer of `GET /api/admin/search/events`. */
export const eventSearchResponse = z.object({ events, total: z.int().nonnegative() });

/** The answer of `GET /api/admin/events`; old versions do not count. */
export const eventsResponse = z.object({ events, totalEvents: z.int().nonnegative().nullish() });

/** The answer of `GET /api/admin/event-creators`. */
export const eventCreatorsResponse = z.array(z.object({ id: z.int(), name: z.string() }));

export const uiConfigResponse = z.object({
  version: z.string().nullish(),
  versionInfo: z
    .object({ current: z.object({ oss: z.string().nullish(), enterprise: z.string().nullish() }).nullish() })
    .nullish(),
});

export type EventSchema = z.infer<typeof eventSchema>;
export type Creator = z.infer<typeof eventCreatorsResponse>[number];
export type TagSchema = z.infer<typeof tagSchema>;
