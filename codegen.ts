/**
 * GraphQL Code Generator: types and typed documents for `schema/operations/`, and the list of them that the gateway
 * trusts. Its packages are in `test/clients/`, so that installing the gateway stays quick: `npm run codegen`.
 */
export default {
  schema: 'schema/schema.graphql',
  documents: ['schema/operations/*.graphql', 'page/operations/*.graphql'],
  importExtension: '.ts',
  generates: {
    'schema/generated/': {
      // The client preset, by where it is installed.
      preset: './test/clients/node_modules/@graphql-codegen/client-preset',
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { hashAlgorithm: 'sha256' },
      },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', URL: 'string' },
      },
    },
    // The same for the page at `/`, which sends hashes only and holds no document.
    'page/src/generated/': {
      preset: './test/clients/node_modules/@graphql-codegen/client-preset',
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { hashAlgorithm: 'sha256', mode: 'replaceDocumentWithHash' },
      },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', URL: 'string' },
      },
    },
    // What a cache has to know of interfaces and lists.
    'schema/generated/introspection.json': {
      plugins: ['./test/clients/node_modules/@graphql-codegen/introspection'],
      config: { descriptions: false, minify: true },
    },
  },
};
