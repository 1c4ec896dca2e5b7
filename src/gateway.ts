/** The composition root: sources, schema and plugins become a Yoga server. It never listens; `main.ts` does. */
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { createYoga, maskError, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { createContext, type GatewayContext } from './context.ts';
import { toGraphQLError } from './errors.ts';
import { createSchema } from './graph/schema.ts';
import { defaultTabs } from './graphiql.ts';
import type { Source, SourceDefinition } from './sources/source.ts';

export interface GatewayOptions {
  definitions: readonly SourceDefinition[];
  sources: readonly Source[];
  requestTimeoutMs: number;
}

export type Gateway = YogaServerInstance<object, GatewayContext>;

export function createGateway({ definitions, requestTimeoutMs, sources }: GatewayOptions): Gateway {
  return createYoga<object, GatewayContext>({
    schema: createSchema(definitions),
    context: ({ request }) => createContext({ requestTimeoutMs, sources }, request),
    plugins: [usePartialMark()],
    maskedErrors: { maskError: (error, message) => toGraphQLError(error) ?? maskError(error, message) },
    renderGraphiQL,
    graphiql: { title: 'Flag events', defaultTabs, shouldPersistHeaders: false },
    landingPage: false,
    // Yoga would allow every origin, with credentials.
    cors: false,
    logging: 'warn',
  });
}

/** `extensions.partial: true` on an answer from which a source's data is missing, for caches and logs. */
function usePartialMark(): Plugin<GatewayContext> {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (Symbol.asyncIterator in result || !args.contextValue.isPartial) return;
        setResult({ ...result, extensions: { ...result.extensions, partial: true } });
      },
    }),
  };
}
