/** The vendors. A third one is one more folder and one more line here. */
import { launchDarkly } from './launchdarkly/index.ts';
import type { SourceDefinition } from './source.ts';
import { unleash } from './unleash/index.ts';

export const definitions: readonly SourceDefinition[] = [launchDarkly, unleash];
