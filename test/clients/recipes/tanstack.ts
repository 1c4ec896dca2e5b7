import { infiniteQueryOptions } from '@tanstack/react-query';
import { GraphQLClient } from 'graphql-request';
import { type FlagEventFilter, TimelinePageDocument } from '../../../schema/generated/graphql.ts';

/** For `useInfiniteQuery`: the pages of a timeline, and with `fetchNextPage` the next one. */
export const timelineOptions = (url: string, filter: FlagEventFilter = {}) =>
  infiniteQueryOptions({
    queryKey: ['flagEvents', url, filter],
    queryFn: ({ pageParam, signal }) =>
      new GraphQLClient(url, { signal }).request(TimelinePageDocument, { first: 20, after: pageParam, filter }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ flagEvents }) => (flagEvents?.pageInfo.hasNextPage ? flagEvents.pageInfo.endCursor : null),
    select: ({ pages }) => ({
      events: pages.flatMap(({ flagEvents }) => flagEvents?.edges.map(({ node }) => node) ?? []),
      // What is missing from the latest page, and why.
      sources: pages.at(-1)?.flagEvents?.sources ?? [],
    }),
  });
