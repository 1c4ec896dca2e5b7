/** The vendors. A third one is one more folder and one more line here. */
import { launchDarkly } from './launchdarkly/index.ts';
import { unleash } from './unleash/index.ts';
import type { VendorDefinition } from './vendor.ts';

export const definitions: readonly VendorDefinition[] = [launchDarkly, unleash];
