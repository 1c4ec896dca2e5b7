/** A gateway whose LaunchDarkly has webhooks, and somebody who follows it. */
import { createHmac } from 'node:crypto';
import { type LaunchDarklySandbox, startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startGateway } from './gateway.ts';
import { subscribe } from './subscribe.ts';

export const SECRET = 'canary-secret-of-the-hooks';
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };

export const sign = (body: string | Buffer, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');

/** Two environments, so that it can be seen which of them is looked at. */
export async function startHooked(pace: Parameters<typeof startGateway>[1] = {}) {
  await using stack = new AsyncDisposableStack();
  const environments = { default: ['production', 'test'] };
  const sandbox = stack.use(await startLaunchDarklySandbox({ events: [], environments, rateLimit: NO_LIMIT }));
  const settings = {
    vendor: 'launchdarkly',
    accessToken: sandbox.token,
    url: sandbox.url,
    projects: ['default/production', 'default/test'],
    eventsApi: 'insights',
    webhookSecrets: [SECRET],
  };
  const gateway = stack.use(await startGateway([settings], pace));
  const live = stack.use(await subscribe(gateway, 'subscription { flagEventsAdded { nodes { flag { key } } } }'));
  await live.until(({ answers }) => answers.length > 0);
  sandbox.requests.length = 0;
  const url = new URL('/hooks/launchdarkly', gateway.url).href;
  const hook = (resource: string) => {
    const body = JSON.stringify({ accesses: [{ resource }] });
    return fetch(url, { method: 'POST', body, headers: { 'x-ld-signature': sign(body) } });
  };
  const owned = stack.move();
  return { sandbox, live, url, hook, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
/** The environments that were asked for, once for each call. */
export const pollsOf = ({ requests }: LaunchDarklySandbox) =>
  requests.map(({ query }) => query.environmentKey).toSorted();
