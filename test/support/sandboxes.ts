import { type LaunchDarklySandbox, startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../../src/sources/story.ts';
import { startUnleashSandbox, type UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import { readPage } from './walk.ts';

export interface BothSandboxes extends AsyncDisposable {
  launchDarkly: LaunchDarklySandbox;
  unleash: UnleashSandbox;
  gateway: TestGateway;
  /** What each upstream was asked since the last call, as `METHOD path`. */
  takeCalls(): { launchDarkly: string[]; unleash: string[] };
}

/** A test makes more calls in ten seconds than any account allows. */
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };

/** Both vendors' sandboxes telling one story, and a gateway over them that knows its feeds already. */
export async function startBoth(seed = 7): Promise<BothSandboxes> {
  await using stack = new AsyncDisposableStack();
  const story = createStory({ seed, now: Date.now() });
  const launchDarkly = stack.use(await startLaunchDarklySandbox({ story, rateLimit: NO_LIMIT }));
  const unleash = stack.use(await startUnleashSandbox({ story }));
  const gateway = stack.use(
    await startGateway([
      {
        vendor: 'launchdarkly',
        accessToken: launchDarkly.token,
        url: launchDarkly.url,
        projects: launchDarkly.projects.map(({ key }) => `${key}/*`),
      },
      { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
    ]),
  );
  await readPage(gateway, { first: 0 });
  const takeCalls = () => ({
    launchDarkly: launchDarkly.requests.splice(0).map(({ method, path }) => `${method} ${path}`),
    unleash: unleash.requests.splice(0).map(({ method, path }) => `${method} ${path}`),
  });
  takeCalls();
  const owned = stack.move();
  return { launchDarkly, unleash, gateway, takeCalls, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
