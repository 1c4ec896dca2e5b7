import { ApolloLink, HttpLink, Observable, type ObservableQuery } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode, print } from 'graphql';
import {
  EventsAddedDocument,
  type TimelinePageQuery,
  type TimelinePageQueryVariables,
} from '../../../schema/generated/graphql.ts';
import { createLiveSocket, createLiveStream } from './live.ts';

const isSubscription = ({ operationType }: ApolloLink.Operation) => operationType === OperationTypeNode.SUBSCRIPTION;

/** For subscriptions over a WebSocket. */
export const createSocketLink = (uri: string) =>
  ApolloLink.split(isSubscription, new GraphQLWsLink(createLiveSocket(uri)), new HttpLink({ uri }));

/** For subscriptions over Server-Sent Events. */
export function createStreamLink(uri: string): ApolloLink {
  const client = createLiveStream(uri);
  const stream = new ApolloLink(
    ({ extensions, query, variables }) =>
      new Observable((sink) => client.subscribe({ query: print(query), variables, extensions }, sink)),
  );
  return ApolloLink.split(isSubscription, stream, new HttpLink({ uri }));
}

/** Puts what happens before the page that is shown. Returns what ends it. */
export function goLive(timeline: ObservableQuery<TimelinePageQuery, TimelinePageQueryVariables>): () => void {
  const { data } = timeline.getCurrentResult();
  const since = (data as TimelinePageQuery | undefined)?.flagEvents?.pageInfo.startCursor ?? null;
  return timeline.subscribeToMore({
    document: EventsAddedDocument,
    variables: { since, filter: timeline.variables.filter ?? null },
    updateQuery(_, { complete, previousData, subscriptionData }) {
      if (!complete || !previousData.flagEvents) return;
      const { edges } = subscriptionData.data.flagEventsAdded;
      return { flagEvents: { ...previousData.flagEvents, edges: [...edges, ...previousData.flagEvents.edges] } };
    },
  });
}
