/** The settings of an Unleash source. */
import { z } from 'zod';
import {
  baseUrlWithout,
  commonSettings,
  type Environment,
  insecure,
  isSecure,
  list,
  oneOf,
  plainText,
  secret,
  setting,
  sourceFromEnvironment,
  variablesOf,
  word,
} from '../settings.ts';
import { webhookSecrets } from '../webhook.ts';

const NAME = 'unleash';
const NO_PROJECTS = 'must name at least one project, or be left out';

export const unleashSettings = z
  .strictObject({
    ...commonSettings,
    vendor: z.literal(NAME),
    id: commonSettings.id.default(NAME),
    url: setting({
      variable: 'UNLEASH_URL',
      form: plainText,
      schema: baseUrlWithout(/\/api(\/admin)?\/*$/),
      description:
        'Base URL of the instance; may have a path, as hosted instances do. A path that ends in `/api` or ' +
        '`/api/admin`, as in the settings of an SDK, is accepted, too.',
    }),
    apiToken: setting({
      variable: 'UNLEASH_API_TOKEN',
      form: plainText,
      schema: secret,
      description: 'An admin token or a personal access token.',
    }),
    projects: setting({
      variable: 'UNLEASH_PROJECTS',
      form: list,
      schema: z
        .array(z.string().regex(/^[^\s,]+$/, 'must be project ids'), NO_PROJECTS)
        .min(1, NO_PROJECTS)
        .optional(),
      description: 'Read only these projects.',
      otherwise: 'all projects',
    }),
    eventsApi: setting({
      variable: 'UNLEASH_EVENTS_API',
      form: word,
      schema: oneOf(['auto', 'search', 'legacy']).default('auto'),
      description:
        'Which endpoint to read: `search` is paged, `legacy` shows only the newest hundred events. `auto` takes the ' +
        'search where the server has it.',
    }),
    webhookSecrets: setting({
      variable: 'UNLEASH_WEBHOOK_SECRETS',
      form: list,
      schema: webhookSecrets,
      description:
        'Turns on `POST /hooks/unleash`, where the vendor reports that there are new events: see [webhooks.md](webhooks.md). ' +
        'Several secrets are accepted at once, so that they can be changed. Each has at least 16 characters.',
      otherwise: 'no webhooks',
    }),
  })
  .refine(isSecure, insecure);

export type UnleashSettings = z.infer<typeof unleashSettings>;

export const unleashVariables = variablesOf(unleashSettings);

export function unleashFromEnvironment(env: Environment): Record<string, unknown> | undefined {
  return sourceFromEnvironment(NAME, unleashSettings, env);
}
