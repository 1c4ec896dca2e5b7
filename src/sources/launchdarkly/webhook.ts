/**
 * LaunchDarkly's webhooks: each is an entry of the audit log, signed with HMAC-SHA256 over its bytes.
 * https://launchdarkly.com/docs/home/infrastructure/webhooks
 */
import { createHmac } from 'node:crypto';
import { createSecretCheck } from '../../secrets.ts';
import { type Hint, isKey, type Webhook } from '../webhook.ts';

/** `proj/web:env/production:flag/checkout`; each part may have tags, after `;`. A `*` stands for every key. */
const RESOURCE = /^proj\/([^:;]+)(?:;[^:]*)?(?::env\/([^:;]+))?/;
const MAX_HINTS = 50;

export function createLaunchDarklyWebhook(secrets: readonly string[]): Webhook {
  return {
    isGenuine(headers, body) {
      const signatures = secrets.map((secret) => createHmac('sha256', secret).update(body).digest('hex'));
      return createSecretCheck(signatures)(String(headers['x-ld-signature'] ?? '')) >= 0;
    },
    hintsIn(body) {
      const { accesses, target } = (body ?? {}) as { accesses?: unknown; target?: { resources?: unknown } };
      const accessed = listOf(accesses).map((each) => (each as { resource?: unknown } | null)?.resource);
      const resources = [...accessed, ...listOf(target?.resources)];
      const byProject = Map.groupBy(resources.flatMap(toHint), ({ project }) => project);
      const hints = [...byProject].map(([project, own]) => merge(project, own));
      return hints.length > MAX_HINTS ? [] : hints;
    },
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A change in several environments may stand in the log of all of them together. */
function merge(project: string, own: readonly Hint[]): Hint {
  const environments = new Set(own.map(({ environment }) => environment));
  const [environment] = environments;
  return { project, ...(environments.size === 1 && environment !== undefined && { environment }) };
}

function toHint(resource: unknown): Hint[] {
  const [, project, environment] = (typeof resource === 'string' && RESOURCE.exec(resource)) || [];
  if (!isKey(project)) return [];
  return [{ project, ...(isKey(environment) && { environment }) }];
}
