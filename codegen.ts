/**
 * GraphQL Code Generator: types and typed documents for `schema/operations/` and the page's operations, and the list of them
 * that the gateway trusts. Its packages are in `test/clients/`, so that installing the gateway stays quick: `npm run codegen`.
 */
const PLUGINS = './test/clients/node_modules/@graphql-codegen';
const PAGE = 'page/operations/*.graphql';

const types = {
  useTypeImports: true,
  enumsAsTypes: true,
  scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', URL: 'string' },
};

/** The client preset, by where it is installed. */
function typedDocuments(documents: string[], persisted: object = {}) {
  return {
    documents,
    preset: `${PLUGINS}/client-preset`,
    presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256', ...persisted } },
    config: types,
  };
}

export default {
  schema: 'schema/schema.graphql',
  importExtension: '.ts',
  generates: {
    'schema/generated/': typedDocuments(['schema/operations/*.graphql', PAGE]),
    // The page at `/` sends hashes only, and holds no document.
    'page/src/generated/': typedDocuments([PAGE, 'schema/operations/{fragments,filter-choices}.graphql'], {
      mode: 'replaceDocumentWithHash',
    }),
    // What a cache has to know of interfaces and lists.
    'schema/generated/introspection.json': {
      plugins: [`${PLUGINS}/introspection`],
      config: { descriptions: false, minify: true },
    },
  },
};
