/**
 * Unleash's webhooks: an event, or what a template makes of it. They are not signed: the header `Authorization` holds a
 * secret. https://docs.getunleash.io/integrate/webhook
 */
import { createSecretCheck } from '../../secrets.ts';
import { isKey, type Webhook } from '../webhook.ts';

export function createUnleashWebhook(secrets: readonly string[]): Webhook {
  const indexOf = createSecretCheck(secrets);
  return {
    isGenuine: ({ authorization = '' }) => indexOf(authorization.replace(/^Bearer +/i, '')) >= 0,
    hintsIn(body) {
      const { environment, project } = (body ?? {}) as { environment?: unknown; project?: unknown };
      if (!isKey(project)) return [];
      return [{ project, ...(isKey(environment) && { environment }) }];
    },
  };
}
