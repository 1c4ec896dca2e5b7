import { setTimeout as wait } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { SECRET, sign, startHooked } from '../support/hooked.ts';
import { subscribe } from '../support/subscribe.ts';
import { createUnleashAdmin } from '../support/unleash-admin.ts';

const unleash = inject('unleash');

it('a real Unleash reports a change by its own webhook, and the event is there at once', async () => {
  const settings = { vendor: 'unleash', url: unleash.url, apiToken: unleash.adminToken, webhookSecrets: [SECRET] };
  await using gateway = await startGateway([settings], { pace: { pollIntervalMs: 600_000 } });
  const admin = createUnleashAdmin(unleash);
  const { id } = await admin.send<{ id: number }>('POST', '/api/admin/addons', {
    provider: 'webhook',
    enabled: true,
    description: 'to the gateway',
    parameters: {
      url: new URL('/hooks/unleash', gateway.url).href,
      authorization: SECRET,
      bodyTemplate: '{"id":{{event.id}},"project":"{{event.project}}"}',
    },
    events: ['feature-created'],
    projects: [],
    environments: [],
  });
  await using live = await subscribe(gateway, 'subscription { flagEventsAdded { nodes { flag { key } } } }');
  await live.until(({ answers }) => answers.length > 0);
  const seen = () => live.batches().flatMap(({ nodes }) => nodes.map(({ flag }) => (flag as { key: string }).key));
  // Unleash reads its webhooks once a minute: those before the next time are not sent.
  let tries = 0;
  for (; seen().length === 0 && tries < 15; tries += 1) {
    await admin.createFlag(`webhook-${Date.now()}`);
    await live.until(() => seen().length > 0).catch(() => {});
  }
  expect(seen().length).toBeGreaterThan(0);
  // From here on every change is there within seconds.
  const flag = `webhook-${Date.now()}`;
  await admin.createFlag(flag);
  await live.until(() => seen().includes(flag));
  await admin.send('DELETE', `/api/admin/addons/${id}`);
});

it('a storm of 10,000 webhooks causes no more than one poll a second, and forged ones none', async () => {
  await using hooked = await startHooked({ pace: { pollIntervalMs: 600_000, minGapMs: 1_000, nudgeDelaysMs: [0] } });
  const forge = () =>
    fetch(hooked.url, { method: 'POST', body: '{}', headers: { 'x-ld-signature': sign('{}', 'forged') } });
  const send = async (hook: () => Promise<Response>) => {
    const begun = performance.now();
    for (let round = 0; round < 100; round += 1) await Promise.all(Array.from({ length: 100 }, hook));
    return (performance.now() - begun) / 1_000;
  };
  const seconds = await send(() => hooked.hook('proj/default:env/test:flag/x'));
  await wait(1_100);
  expect(hooked.sandbox.requests.length).toBeGreaterThan(0);
  expect(hooked.sandbox.requests.length).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
  hooked.sandbox.requests.length = 0;
  await send(forge);
  await wait(1_100);
  expect(hooked.sandbox.requests).toEqual([]);
});
