import { createClient } from 'graphql-sse';
import {
  Environment,
  type GraphQLResponse,
  type GraphQLSingularResponse,
  Network,
  Observable,
  RecordSource,
  Store,
} from 'relay-runtime';
import { createLiveSocket } from '../live.ts';

export function createEnvironment(url: string): Environment {
  const client = createClient({ url });
  const live = createLiveSocket(url);
  const network = Network.create(
    ({ text }, variables) =>
      Observable.create<GraphQLResponse>(({ complete, error, next }) =>
        client.subscribe(
          { query: text ?? '', variables },
          {
            next: (answer) => toParts(answer as Answer).forEach(next),
            error: (cause) => error(cause as Error),
            complete,
          },
        ),
      ),
    ({ text }, variables) =>
      Observable.create<GraphQLResponse>(({ complete, error, next }) =>
        live.subscribe(
          { query: text ?? '', variables },
          {
            next: (answer) => next(answer as GraphQLResponse),
            error: (cause) => error(cause as Error),
            complete,
          },
        ),
      ),
  );
  return new Environment({ network, store: new Store(new RecordSource()) });
}

/** Relay wants each deferred part by itself, and to be told which one is the last. */
function toParts({ hasNext = false, incremental, ...answer }: Answer): GraphQLSingularResponse[] {
  const parts: GraphQLSingularResponse[] = incremental ?? [answer];
  const isLast = (index: number) => !hasNext && index === parts.length - 1;
  return parts.map((part, index) => ({ ...part, extensions: { ...part.extensions, is_final: isLast(index) } }));
}

type Answer = GraphQLSingularResponse & { hasNext?: boolean; incremental?: GraphQLSingularResponse[] };
