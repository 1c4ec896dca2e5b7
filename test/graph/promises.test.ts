import { execute, isObjectType, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graph/schema.ts';
import { definitions } from '../../src/sources/index.ts';
import { connectBoth, type InProcess } from '../support/in-process.ts';
import { type BothSandboxes, startBoth } from '../support/sandboxes.ts';

const PAGE = `{
  flagEvents(first: 50) {
    edges {
      cursor
      node {
        __typename id occurredAt kind type title url source { id name vendor url }
        flag { id key } project { key source { name } } environment { key project { key } } actor { name email kind }
        ... on LaunchDarklyFlagEvent { impact { size } experiments { edges { cursor node { key name } } nodes { key } } }
        ... on UnleashFlagEvent { data preData changes { path } tags { type value } }
      }
    }
    nodes { id }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    sources { source { name } status }
  }
}`;

let both: BothSandboxes;
let inProcess: InProcess;
beforeAll(async () => {
  both = await startBoth();
  inProcess = connectBoth(both);
});
afterAll(async () => {
  await inProcess[Symbol.asyncDispose]();
  await both[Symbol.asyncDispose]();
});

describe('the fields of a page', () => {
  it('are all given at once but for the page itself, and the names of people until those are known', async () => {
    expect(await fieldsWithPromises()).toEqual(new Set(['Query.flagEvents', 'FlagActor.name']));
    expect(await fieldsWithPromises()).toEqual(new Set(['Query.flagEvents']));
  });
});

async function fieldsWithPromises(): Promise<Set<string>> {
  const schema = createSchema(definitions);
  const found = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      const { resolve } = field;
      if (!resolve) continue;
      field.resolve = (...asked) => {
        const value = resolve(...asked);
        if (value instanceof Promise) found.add(`${type.name}.${field.name}`);
        return value;
      };
    }
  }
  const answer = await inProcess.run(execute, schema, { document: parse(PAGE) });
  expect(answer.errors).toBeUndefined();
  return found;
}
