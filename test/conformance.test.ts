import { describe, it } from 'vitest';
import { MUSTS } from './support/conformance.ts';
import { FEED_KINDS } from './support/feed-kinds.ts';

describe.for(FEED_KINDS)('$name', (kind) => {
  it.for(MUSTS.filter(({ appliesTo }) => appliesTo?.(kind) ?? true))('$name', async ({ run }) => {
    await run(kind);
  });
});
