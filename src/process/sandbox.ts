/** What the gateway reads when nothing is configured: every vendor's sandbox, all with the same made-up history. */
import type { ConfiguredSource } from '../settings/config.ts';
import { createStory } from '../sources/story.ts';
import type { VendorDefinition } from '../sources/vendor.ts';

const SEED = 1;

/** HTTP servers on loopback; the gateway reads them as it reads real accounts. */
export async function startSandboxes(
  definitions: readonly VendorDefinition[],
): Promise<AsyncDisposable & { sources: ConfiguredSource[] }> {
  const story = createStory({ seed: SEED, now: Date.now() });
  await using stack = new AsyncDisposableStack();
  const sources: ConfiguredSource[] = [];
  for (const definition of definitions) {
    const { settings } = stack.use(await definition.startSandbox(story));
    sources.push({ definition, settings });
  }
  const started = stack.move();
  return { sources, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
