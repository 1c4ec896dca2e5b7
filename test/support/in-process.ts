/** The graph without HTTP: for tests about execution itself. */
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import { createContext } from '../../src/request/context.ts';
import { toConfig } from '../../src/settings/config.ts';
import { definitions } from '../../src/sources/index.ts';
import type { Source } from '../../src/sources/source.ts';
import type { BothSandboxes } from './sandboxes.ts';

export interface InProcess extends AsyncDisposable {
  sources: Source[];
  /** Executes with a context of its own. */
  run(execute: Execute, schema: GraphQLSchema, operation: Operation): Promise<ExecutionResult>;
}

export type Execute = (args: ExecutionArgs) => unknown;
export type Operation = Pick<ExecutionArgs, 'document' | 'variableValues' | 'operationName'>;

export interface InProcessOptions {
  /** @default 0 */
  pageCacheMs?: number;
  /** @default Date.now */
  now?: () => number;
}

export function connectBoth(
  { launchDarkly, unleash }: BothSandboxes,
  { now = Date.now, pageCacheMs = 0 }: InProcessOptions = {},
): InProcess {
  const projects = launchDarkly.projects.map(({ key }) => `${key}/*`);
  const config = toConfig(
    {},
    {
      sources: [
        { vendor: 'launchdarkly', accessToken: launchDarkly.token, url: launchDarkly.url, projects },
        { vendor: 'unleash', apiToken: unleash.token, url: unleash.url },
      ],
    },
    definitions,
  );
  const sources = config.sources.map(({ definition, settings }) => definition.connect(settings, { pageCacheMs }));
  return {
    sources,
    async run(execute, schema, operation) {
      const contextValue = createContext(
        { sources, now, requestTimeoutMs: 10_000, upstreamCallsPerRequest: 500 },
        new Request('http://localhost/'),
      );
      const answer = (await execute({ schema, contextValue, ...operation })) as ExecutionResult;
      contextValue.finish();
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}
