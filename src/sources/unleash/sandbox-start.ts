/** Starts the sandbox as a source. Loaded only when it is started: see `index.ts`. */
import type { Story } from '../story.ts';
import { startUnleashSandbox } from './sandbox.ts';
import { unleashSettings } from './settings.ts';

export async function startSandbox(story: Story) {
  const sandbox = await startUnleashSandbox({ story });
  const settings = unleashSettings.parse({ vendor: 'unleash', apiToken: sandbox.token, url: sandbox.url });
  return { settings, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}
