import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { relayTags } from './test/clients/relay-tags.ts';

export default defineConfig({
  plugins: [relayTags()],
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/real-unleash.ts'],
    // Tests wait for servers more than they compute.
    maxWorkers: 3,
    // Each file imports most of the gateway: a worker does so once, and no test changes what another one sees.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Vite would load graphql's ESM build beside the CommonJS one its dependents require: two realms, no schema.
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
  },
});
