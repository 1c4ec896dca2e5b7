/** The settings of a LaunchDarkly source. */
import { z } from 'zod';
import {
  baseUrlWithout,
  commonSettings,
  type Environment,
  insecure,
  isSecure,
  list,
  number,
  oneOf,
  plainText,
  secret,
  setting,
  sourceFromEnvironment,
  variablesOf,
  wholeNumber,
  word,
} from '../settings.ts';
import { webhookSecrets } from '../webhook.ts';

export const LAUNCHDARKLY_URL = 'https://app.launchdarkly.com';

const NAME = 'launchdarkly';
const NO_PROJECTS = 'must name at least one `project/environment`';

const projectEnvironment = z
  .string()
  .regex(/^[^/*\s]+\/(\*|[^/*\s]+)$/, 'must be `project/environment`, or `project/*` for every environment')
  .transform((pair) => {
    const [project = '', environment = ''] = pair.split('/');
    return { project, environment: environment === '*' ? null : environment };
  });

export const launchDarklySettings = z
  .strictObject({
    ...commonSettings,
    vendor: z.literal(NAME),
    id: commonSettings.id.default(NAME),
    accessToken: setting({
      variable: 'LAUNCHDARKLY_ACCESS_TOKEN',
      form: plainText,
      schema: secret.refine(
        (token) => !/^(sdk|mob)-/.test(token),
        'must be an API access token: SDK and mobile keys cannot read flag events',
      ),
      description: 'An API access token; the Reader role is enough. SDK and mobile keys are refused.',
    }),
    // There is no call that lists the events of more than one environment.
    projects: setting({
      variable: 'LAUNCHDARKLY_PROJECTS',
      form: list,
      schema: z.array(projectEnvironment, NO_PROJECTS).min(1, NO_PROJECTS),
      description: 'What to read, as `project/environment`; `project/*` is every environment of the project.',
    }),
    url: setting({
      variable: 'LAUNCHDARKLY_URL',
      form: plainText,
      schema: baseUrlWithout(/\/api(\/v2)?\/*$/).default(new URL(LAUNCHDARKLY_URL)),
      description:
        'Base URL; EU and federal accounts have their own. A path that ends in `/api` or `/api/v2` is accepted, too.',
    }),
    eventsApi: setting({
      variable: 'LAUNCHDARKLY_EVENTS_API',
      form: word,
      schema: oneOf(['auto', 'insights', 'auditlog']).default('auto'),
      description:
        'Which log to read: `insights` has flag events with their impact, `auditlog` every change of a flag without. ' +
        '`auto` takes the audit log for a project whose insights are refused or empty, if the audit log has changes.',
    }),
    // LaunchDarkly itself would stop after seven days.
    historyDays: setting({
      variable: 'LAUNCHDARKLY_HISTORY_DAYS',
      form: number,
      schema: wholeNumber(1, 3_650).default(365),
      description: 'How many days back to read when a query sets no `from`.',
    }),
    webhookSecrets: setting({
      variable: 'LAUNCHDARKLY_WEBHOOK_SECRETS',
      form: list,
      schema: webhookSecrets,
      description:
        'Turns on `POST /hooks/launchdarkly`, where the vendor reports that there are new events: see [webhooks.md](webhooks.md). ' +
        'Several secrets are accepted at once, so that they can be changed. Each has at least 16 characters.',
      otherwise: 'no webhooks',
    }),
  })
  .refine(isSecure, insecure);

export type LaunchDarklySettings = z.infer<typeof launchDarklySettings>;

export const launchDarklyVariables = variablesOf(launchDarklySettings);

export function launchDarklyFromEnvironment(env: Environment): Record<string, unknown> | undefined {
  return sourceFromEnvironment(NAME, launchDarklySettings, env);
}
