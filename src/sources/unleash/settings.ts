/** What an Unleash source has to be told. */
import { z } from 'zod';
import {
  commonFromEnvironment,
  commonSettings,
  type Environment,
  insecure,
  isSecure,
  secret,
  splitList,
} from '../settings.ts';

export const unleashSettings = z
  .strictObject({
    ...commonSettings,
    vendor: z.literal('unleash'),
    id: commonSettings.id.default('unleash'),
    /** May have a path, as hosted instances do. */
    url: commonSettings.url,
    apiToken: secret,
    /** Only these projects; every project when left out. */
    projects: z
      .array(z.string().regex(/^[^\s,]+$/, 'must be project ids'))
      .min(1, 'must name at least one project, or be left out')
      .optional(),
    /** `auto`: the paged search where the server has it, else the legacy endpoint that shows the newest events only. */
    eventsApi: z.enum(['auto', 'search', 'legacy']).default('auto'),
  })
  .refine(isSecure, insecure);

export type UnleashSettings = z.infer<typeof unleashSettings>;

export const unleashVariables = {
  url: 'UNLEASH_URL',
  apiToken: 'UNLEASH_API_TOKEN',
  projects: 'UNLEASH_PROJECTS',
  eventsApi: 'UNLEASH_EVENTS_API',
} as const;

export function unleashFromEnvironment(env: Environment): Record<string, unknown> | undefined {
  const { UNLEASH_API_TOKEN, UNLEASH_EVENTS_API, UNLEASH_PROJECTS, UNLEASH_URL } = env;
  if (!(UNLEASH_API_TOKEN || UNLEASH_URL || UNLEASH_PROJECTS || UNLEASH_EVENTS_API)) return undefined;
  return {
    ...commonFromEnvironment(env),
    vendor: 'unleash',
    apiToken: UNLEASH_API_TOKEN,
    url: UNLEASH_URL || undefined,
    ...(UNLEASH_PROJECTS && { projects: splitList(UNLEASH_PROJECTS) }),
    ...(UNLEASH_EVENTS_API && { eventsApi: UNLEASH_EVENTS_API }),
  };
}
