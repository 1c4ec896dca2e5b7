/** What replicas tell each other, checked: it may come from elsewhere. */
import { z } from 'zod';
import { type Actor, EARLIEST, FLAG_EVENT_KINDS, type FlagEvent, LATEST } from '../model.ts';
import type { Found } from './poller.ts';

export const nudgeSchema = z.object({
  source: z.string(),
  project: z.string().optional(),
  environment: z.string().optional(),
});

const time = z.int().min(EARLIEST).max(LATEST);
const text = z.string().nullable();

const actor: z.ZodType<Actor> = z.object({
  name: z.string(),
  email: text,
  aliases: z.array(z.string()).exactOptional(),
  kind: z.enum(['PERSON', 'TOKEN', 'SYSTEM', 'UNKNOWN']),
});

const event: z.ZodType<FlagEvent> = z.object({
  vendor: z.string(),
  source: z.string(),
  feed: z.string(),
  id: z.string(),
  occurredAt: time,
  kind: z.enum(FLAG_EVENT_KINDS),
  type: z.string(),
  title: z.string(),
  flagKey: text,
  project: text,
  environment: text,
  actor: actor.nullable(),
  url: text,
  // The vendor's own record: replicas that share have decoded it alike.
  wire: z.unknown(),
});

const found: z.ZodType<Found> = z.object({
  part: z.string(),
  channel: z.string(),
  events: z.array(event),
  reached: z.object({ time, id: z.string().exactOptional(), isWhole: z.literal(true).exactOptional() }).nullable(),
  floor: z.number().nullable(),
  at: time,
  skipped: z.int().min(0),
});

/** Who has found it, to tell replicas from each other, and what. */
export const pollSchema = z.object({ by: z.string(), found });
