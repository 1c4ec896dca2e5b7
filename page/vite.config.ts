import { defineConfig } from 'vite';

/** One script and one style sheet, named by their hashes. Addresses are relative: the gateway may stand below a path. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: 'dist',
    assetsDir: 'page',
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2023',
  },
  // `npm run dev` beside a gateway that runs on this machine.
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', changeOrigin: true } } },
});
