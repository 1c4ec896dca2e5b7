/** Starts the sandbox as a source. Loaded only when it is started: see `index.ts`. */
import type { Story } from '../story.ts';
import { startLaunchDarklySandbox } from './sandbox.ts';
import { launchDarklySettings } from './settings.ts';

export async function startSandbox(story: Story) {
  const sandbox = await startLaunchDarklySandbox({ story });
  const settings = launchDarklySettings.parse({
    vendor: 'launchdarkly',
    accessToken: sandbox.token,
    url: sandbox.url,
    projects: sandbox.projects.map(({ key }) => `${key}/*`),
  });
  return { settings, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}
