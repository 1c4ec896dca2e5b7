import type { Plugin } from 'vitest/config';

const TAG = /\bgraphql`\s*(?:query|fragment|subscription)\s+(\w+)[^`]*`/g;

/** Puts what relay-compiler has made in the place of its tags, as every bundler's plugin for Relay does. */
export function relayTags(): Plugin {
  return {
    name: 'relay-tags',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('/recipes/relay/')) return undefined;
      const names = [...code.matchAll(TAG)].map(([, name]) => name);
      if (names.length === 0) return undefined;
      const imports = names.map((name) => `import ${name}$made from './__generated__/${name}.graphql.ts';`);
      return { code: `${imports.join('')}${code.replaceAll(TAG, '$1$$made')}`, map: null };
    },
  };
}
