import { graphql, useFragment, useLazyLoadQuery, usePaginationFragment } from 'react-relay';
import type { timeline_experiments$key } from './__generated__/timeline_experiments.graphql.ts';
import type { timeline_page$key } from './__generated__/timeline_page.graphql.ts';
import type { timelineNextQuery } from './__generated__/timelineNextQuery.graphql.ts';
import type { timelineQuery } from './__generated__/timelineQuery.graphql.ts';

/** The pages read so far, `loadNext`, and in `data.flagEvents.sources` whether anything is missing. */
export function useTimeline(variables: timelineQuery['variables']) {
  const query = useLazyLoadQuery<timelineQuery>(
    graphql`
      query timelineQuery($count: Int!, $filter: FlagEventFilter) {
        ...timeline_page @arguments(count: $count, filter: $filter)
      }
    `,
    variables,
  );
  return usePaginationFragment<timelineNextQuery, timeline_page$key>(
    graphql`
      fragment timeline_page on Query
      @refetchable(queryName: "timelineNextQuery")
      @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" }, filter: { type: "FlagEventFilter" }) {
        flagEvents(first: $count, after: $cursor, filter: $filter) @connection(key: "timeline_flagEvents") {
          __id
          pageInfo {
            startCursor
          }
          edges {
            node {
              id
              title
              flag {
                key
              }
              ...timeline_experiments @alias(as: "experiments") @defer
            }
          }
          sources {
            source {
              name
            }
            status
            failure {
              message
            }
          }
        }
      }
    `,
    query,
  );
}

/** Suspends until the deferred part is there. */
export function useExperiments(event: timeline_experiments$key) {
  const { experiments } = useFragment(
    graphql`
      fragment timeline_experiments on LaunchDarklyFlagEvent {
        experiments(first: 10) {
          nodes {
            key
          }
        }
      }
    `,
    event,
  );
  return experiments?.nodes.map(({ key }) => key) ?? [];
}
