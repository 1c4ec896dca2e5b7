import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../schema/supergraph/compose.ts';
import { ask } from '../support/gateway.ts';
import { startPlainSubgraph } from '../support/plain-subgraph.ts';
import { type GatewayName, gatewayNames, startRouter } from '../support/supergraph.ts';

const THING = { id: '1', title: 'One' };

/** An interface with a key, fields that a neighbour adds to it, and a third one that hands out one of its types. */
async function startPlainSubgraphs() {
  return Promise.all([
    startPlainSubgraph(
      'things',
      `interface Thing @key(fields: "id") { id: ID! title: String! }
       type Red implements Thing @key(fields: "id") { id: ID! title: String! }
       type Blue implements Thing @key(fields: "id") { id: ID! title: String! }
       type Query { things: [Thing!]! }`,
      {
        Query: { things: () => [THING] },
        Thing: { __resolveType: () => 'Red', __resolveReference: () => ({ __typename: 'Red', ...THING }) },
        Red: { __resolveReference: () => THING },
      },
    ),
    startPlainSubgraph(
      'notes',
      `type Thing @key(fields: "id") @interfaceObject { id: ID! note: String! }
       type Query { noted: [Thing!]! }`,
      { Query: { noted: () => [{ id: '1' }] }, Thing: { note: () => 'A note' } },
    ),
    startPlainSubgraph(
      'lists',
      `type Red @key(fields: "id", resolvable: false) { id: ID! }
       type Query { reds: [Red!]! }`,
      { Query: { reds: () => [{ id: '1' }] } },
    ),
  ]);
}

type Outcome = 'right' | 'null' | 'an error';

/** What becomes of each query, by router. It has nothing to do with this gateway, and its users should know it. */
const OUTCOMES: Readonly<Record<GatewayName, Record<'things' | 'noted' | 'reds', Outcome>>> = {
  apollo: { things: 'right', noted: 'right', reds: 'right' },
  hive: { things: 'right', noted: 'right', reds: 'an error' },
  'hive on the planner of its router': { things: 'right', noted: 'right', reds: 'right' },
  grafbase: { things: 'right', noted: 'an error', reds: 'an error' },
};

describe.for(gatewayNames)('behind the gateway of %s, with nothing of ours,', (name) => {
  const stack = new AsyncDisposableStack();
  let url = '';
  beforeAll(async () => {
    const subgraphs = await startPlainSubgraphs();
    for (const subgraph of subgraphs) stack.use(subgraph);
    ({ url } = stack.use(await startRouter(name, { supergraph: compose(subgraphs), subgraphs })));
  });
  afterAll(() => stack.disposeAsync());

  it.for([
    ['things', 'a field that a neighbour adds to an interface is there', '{ things { title note } }'],
    ['noted', 'what a neighbour hands out of an interface has its other fields', '{ noted { title } }'],
    ['reds', 'what a third one hands out has the field that the neighbour adds', '{ reds { title note } }'],
  ] as const)('%s: %s', async ([field, , query]) => {
    const { data, errors } = await ask(url, query);
    const right = field === 'noted' ? { title: 'One' } : { title: 'One', note: 'A note' };
    const outcome =
      JSON.stringify(data) === JSON.stringify({ [field]: [right] }) ? 'right' : errors ? 'an error' : 'null';
    expect(outcome, JSON.stringify({ data, errors })).toBe(OUTCOMES[name][field]);
  });
});
