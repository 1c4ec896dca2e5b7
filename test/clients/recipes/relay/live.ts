import { graphql } from 'react-relay';
import { ConnectionHandler, type Disposable, type Environment, requestSubscription } from 'relay-runtime';
import type { liveSubscription } from './__generated__/liveSubscription.graphql.ts';

/** Puts what happens before a list with `@connection`, given by its `__id`. */
export function goLive(
  environment: Environment,
  connection: string,
  variables: liveSubscription['variables'],
): Disposable {
  return requestSubscription<liveSubscription>(environment, {
    subscription: graphql`
      subscription liveSubscription($since: String, $filter: FlagEventFilter) {
        flagEventsAdded(since: $since, filter: $filter) {
          edges {
            cursor
            node {
              id
              title
              flag {
                key
              }
            }
          }
          updated {
            id
            title
          }
          cursor
        }
      }
    `,
    variables,
    updater(store) {
      const timeline = store.get(connection);
      const added = store.getRootField('flagEventsAdded').getLinkedRecords('edges');
      if (!timeline) return;
      // Newest first: the newest is the last to be put before the others.
      for (const each of added.toReversed()) {
        const edge = ConnectionHandler.buildConnectionEdge(store, timeline, each);
        if (edge) ConnectionHandler.insertEdgeBefore(timeline, edge);
      }
    },
  });
}
