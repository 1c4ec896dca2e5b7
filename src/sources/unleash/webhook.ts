/**
 * Unleash's webhooks: an event, or what a template makes of it. They are not signed: the header `Authorization` holds a
 * secret. https://docs.getunleash.io/integrate/webhook
 */
import { isKey, isOneOf, type Webhook } from '../webhook.ts';

export function createUnleashWebhook(secrets: readonly string[]): Webhook {
  return {
    isGenuine: ({ authorization = '' }) => isOneOf(authorization.replace(/^Bearer +/i, ''), secrets),
    hintsIn(body) {
      const { environment, project } = (body ?? {}) as { environment?: unknown; project?: unknown };
      if (!isKey(project)) return [];
      return [{ project, ...(isKey(environment) && { environment }) }];
    },
  };
}
