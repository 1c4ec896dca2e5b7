/** The composition root: sources, schema and plugins become a Yoga server. It never listens; `main.ts` does. */
import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { createYoga, type MaskError, maskError, type YogaServerInstance } from 'graphql-yoga';
import { createContext, type GatewayContext } from './context.ts';
import { toGraphQLError } from './errors.ts';
import { createSchema } from './graph/schema.ts';
import { defaultTabs } from './graphiql.ts';
import { useSafeIncrementalDelivery } from './plugins/incremental-delivery.ts';
import { usePartialMark } from './plugins/partial-mark.ts';
import type { Source, SourceDefinition } from './sources/source.ts';

export interface GatewayOptions {
  definitions: readonly SourceDefinition[];
  sources: readonly Source[];
  requestTimeoutMs: number;
  /** @default Date.now */
  now?: () => number;
}

/** Failures of ours, with their codes; anything else is "Unexpected error." */
const showOnlyOurs: MaskError = (error, message) => toGraphQLError(error) ?? maskError(error, message);

export type Gateway = YogaServerInstance<object, GatewayContext>;

export function createGateway({ definitions, now, requestTimeoutMs, sources }: GatewayOptions): Gateway {
  return createYoga<object, GatewayContext>({
    schema: createSchema(definitions),
    context: ({ request }) => createContext({ now, requestTimeoutMs, sources }, request),
    plugins: [usePartialMark(), useDeferStream(), ...useSafeIncrementalDelivery(showOnlyOurs)],
    maskedErrors: { maskError: showOnlyOurs },
    renderGraphiQL,
    graphiql: { title: 'Flag events', defaultTabs, shouldPersistHeaders: false },
    landingPage: false,
    // Yoga would allow every origin, with credentials.
    cors: false,
    logging: 'warn',
  });
}
