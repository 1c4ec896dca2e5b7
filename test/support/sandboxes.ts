import { type LaunchDarklySandbox, startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../../src/sources/story.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';
import { readPage } from './walk.ts';

export interface BothSandboxes extends AsyncDisposable {
  launchDarkly: LaunchDarklySandbox;
  unleash: UnleashSandbox;
  gateway: TestGateway;
  /** LaunchDarkly's feeds, as `project/environment`. */
  environments: string[];
  /** What the upstreams were asked since the last call, sorted: what was listed, and the parameters that tell one call from another. */
  takeCalls(): string[];
}

/** A test makes more calls in ten seconds than any account allows. */
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };

/** Both vendors' sandboxes telling one story, and a gateway over them that knows its feeds and the actors' names already. */
export async function startBoth(options: TestGatewayOptions = {}): Promise<BothSandboxes> {
  await using stack = new AsyncDisposableStack();
  const story = createStory({ seed: 7, now: Date.now() });
  const launchDarkly = stack.use(await startLaunchDarklySandbox({ story, rateLimit: NO_LIMIT }));
  const unleash = stack.use(await startUnleashSandbox({ story }));
  const gateway = stack.use(
    await startGateway(
      [
        {
          vendor: 'launchdarkly',
          accessToken: launchDarkly.token,
          url: launchDarkly.url,
          projects: launchDarkly.projects.map(({ key }) => `${key}/*`),
        },
        { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
      ],
      options,
    ),
  );
  await readPage(gateway, { first: 1 });
  await readPage(gateway, { first: 1, filter: { vendors: ['UNLEASH'] } });
  const environments = launchDarkly.projects.flatMap(({ environments: keys, key }) =>
    keys.map((each) => `${key}/${each}`),
  );
  const takeCalls = () =>
    [
      ...launchDarkly.requests.splice(0).map(({ path, query }) => describe('launchdarkly', path, query)),
      ...unleash.requests.splice(0).map(({ path, query }) => describe('unleash', path, query)),
    ].toSorted();
  takeCalls();
  const owned = stack.move();
  return {
    launchDarkly,
    unleash,
    gateway,
    environments,
    takeCalls,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Without the window, which every call to LaunchDarkly has. */
function describe(vendor: string, path: string, query: Record<string, string>): string {
  const { environmentKey, from: _from, projectKey, to: _to, ...rest } = query;
  const place = projectKey === undefined ? (path.split('/').at(-1) ?? '') : `${projectKey}/${environmentKey}`;
  const parameters = Object.entries(rest)
    .filter(([name, value]) => !(name === 'global' || (name === 'offset' && value === '0')))
    .map(([name, value]) => `${name}=${value}`);
  return [vendor, place, ...parameters].join(' ');
}
