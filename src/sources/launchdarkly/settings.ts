/** What a LaunchDarkly source has to be told. */
import { z } from 'zod';
import {
  commonFromEnvironment,
  commonSettings,
  type Environment,
  insecure,
  isSecure,
  secret,
  splitList,
  wholeNumber,
} from '../settings.ts';

export const LAUNCHDARKLY_URL = 'https://app.launchdarkly.com';

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
    vendor: z.literal('launchdarkly'),
    id: commonSettings.id.default('launchdarkly'),
    accessToken: secret.refine(
      (token) => !/^(sdk|mob)-/.test(token),
      'must be an API access token: SDK and mobile keys cannot read flag events',
    ),
    url: commonSettings.url.default(new URL(LAUNCHDARKLY_URL)),
    /** What to read. There is no call that lists the events of more than one environment. */
    projects: z.array(projectEnvironment).min(1, 'must name at least one `project/environment`'),
    /** How far back to look when the query does not say; LaunchDarkly itself would stop after seven days. */
    historyDays: wholeNumber(1, 3_650).default(365),
  })
  .refine(isSecure, insecure);

export type LaunchDarklySettings = z.infer<typeof launchDarklySettings>;

export const launchDarklyVariables = {
  accessToken: 'LAUNCHDARKLY_ACCESS_TOKEN',
  url: 'LAUNCHDARKLY_URL',
  projects: 'LAUNCHDARKLY_PROJECTS',
  historyDays: 'LAUNCHDARKLY_HISTORY_DAYS',
} as const;

export function launchDarklyFromEnvironment(env: Environment): Record<string, unknown> | undefined {
  const { LAUNCHDARKLY_ACCESS_TOKEN, LAUNCHDARKLY_URL: url, LAUNCHDARKLY_PROJECTS, LAUNCHDARKLY_HISTORY_DAYS } = env;
  if (!(LAUNCHDARKLY_ACCESS_TOKEN || url || LAUNCHDARKLY_PROJECTS || LAUNCHDARKLY_HISTORY_DAYS)) return undefined;
  return {
    ...commonFromEnvironment(env),
    vendor: 'launchdarkly',
    accessToken: LAUNCHDARKLY_ACCESS_TOKEN,
    ...(url && { url }),
    projects: splitList(LAUNCHDARKLY_PROJECTS),
    ...(LAUNCHDARKLY_HISTORY_DAYS && { historyDays: Number(LAUNCHDARKLY_HISTORY_DAYS) }),
  };
}
