import { defineConfig } from 'vitest/config';
import ordinary from './vitest.config.ts';

/** The long runs: like the ordinary tests, but one after another, so that each has the machine to itself. */
export default defineConfig({
  ...ordinary,
  test: {
    ...ordinary.test,
    include: ['test/soak/**/*.soak.ts'],
    fileParallelism: false,
    // What they measure is not to depend on what ran before.
    isolate: true,
    testTimeout: 480_000,
  },
});
