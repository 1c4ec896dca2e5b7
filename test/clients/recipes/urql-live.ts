import { type ExecutionResult, subscriptionExchange } from '@urql/core';
import type { UpdatesConfig } from '@urql/exchange-graphcache';
import {
  type EventsAddedSubscription,
  TimelinePageDocument,
  type TimelinePageQueryVariables,
} from '../../../schema/generated/graphql.ts';
import { createLiveSocket } from './live.ts';

/** For subscriptions over a WebSocket; `createLiveStream` is for Server-Sent Events. */
export function liveExchange(url: string, client = createLiveSocket(url)) {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: client.subscribe(
          { query, variables },
          { ...sink, next: (answer) => sink.next(answer as ExecutionResult) },
        ),
      }),
    }),
  });
}

/** Puts what happens before the pages with the same filter. */
export const liveUpdates: UpdatesConfig = {
  Subscription: {
    flagEventsAdded({ flagEventsAdded }, { filter }, cache) {
      const { edges } = flagEventsAdded as EventsAddedSubscription['flagEventsAdded'];
      const first = cache
        .inspectFields('Query')
        .filter(
          ({ arguments: own, fieldName }) => fieldName === 'flagEvents' && !own?.after && isSame(own?.filter, filter),
        );
      for (const { arguments: variables } of first)
        cache.updateQuery(
          { query: TimelinePageDocument, variables: variables as TimelinePageQueryVariables },
          (page) =>
            page?.flagEvents
              ? { flagEvents: { ...page.flagEvents, edges: [...edges, ...page.flagEvents.edges] } }
              : null,
        );
    },
  },
};

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
