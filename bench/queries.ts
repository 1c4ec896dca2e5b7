/** What is asked: two queries, each in three ways. */

const FIELDS =
  'id occurredAt kind type title flag { key } project { key } environment { key } actor { name email } source { name } url';
const EXPERIMENTS = '... on LaunchDarklyFlagEvent { experiments { nodes { key name } } }';

const page = (fields: string) =>
  `query Page($first: Int, $after: String, $filter: FlagEventFilter) { flagEvents(first: $first, after: $after, filter: $filter) { edges { cursor node { ${fields} } } pageInfo { hasNextPage endCursor } } }`;

/** Twenty merged events with twelve fields; the same with experiments. */
export const QUERIES = { q1: page(FIELDS), q2: page(`${FIELDS} ${EXPERIMENTS}`) } as const;
export type QueryName = keyof typeof QUERIES;

/**
 * `unique`: no two share an upstream call, because the filter reaches every URL. `remembered`: one of twenty pages that
 * were read before, asked in a body that no other has, so that no whole answer is remembered. `repeated`: the same
 * operation and variables each time.
 */
export const WAYS = ['unique', 'remembered', 'repeated'] as const;
export type Way = (typeof WAYS)[number];

export interface Variables {
  first: number;
  after?: string | null;
  filter?: object;
}

/** Bodies of requests without end. `cursors`: those of the pages that were read before. */
export function* bodiesOf(name: QueryName, way: Way, cursors: readonly string[]): Generator<string> {
  for (let index = 0; ; index += 1) {
    unique += 1;
    const variables: Record<Way, Variables> = {
      unique: {
        first: 20,
        filter: { projects: ['payments', `none-${unique}`], launchDarkly: { applicationKeys: [`app-${unique}`] } },
      },
      remembered: { first: 20, after: cursors[index % cursors.length] ?? null },
      repeated: { first: 20 },
    };
    yield toBody(name, variables[way], way === 'remembered' ? { extensions: { unique } } : {});
  }
}

/** Never the same twice, whatever was asked before. */
let unique = 0;

export function toBody(name: QueryName, variables: Variables, more: object = {}): string {
  return JSON.stringify({ query: QUERIES[name], operationName: 'Page', variables, ...more });
}
