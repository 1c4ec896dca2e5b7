/** The queries that GraphiQL opens with, and its link to the schema reference. */
import type { GraphiQLOptions } from 'graphql-yoga';
import { createPage, type PageAnswer } from './page.ts';
import { REFERENCE_PATH } from './schema-reference.ts';

/** For a gateway with API keys. Latin-1 only: a browser sends nothing else in a header. */
const headers = JSON.stringify({ 'x-api-key': '' }, null, 2);

/** An introduction to the schema. The first needs no variables: GraphiQL loses those of its first tab. */
export const defaultTabs = [
  {
    query: `# What changed last? Press the play button.
# The other tabs show more; the documentation is top left.
query WhatChanged {
  flagEvents(first: 5) {
    nodes {
      occurredAt
      title
      flag { key }
      environment { key }
      actor { name }
      source { name }
    }
    # For the next page: \`after: "<endCursor>"\`.
    pageInfo { hasNextPage endCursor }
    # Shows which source is down, if any.
    sources {
      source { name }
      status
      failure { message }
    }
  }
}
`,
  },
  {
    query: `# How did changes with experiments affect users? The page
# comes first, the deferred experiments later.
query Impact {
  flagEvents(
    first: 5
    filter: {
      vendors: [LAUNCHDARKLY]
      launchDarkly: { hasExperiments: true }
    }
  ) {
    nodes {
      title
      flag { key }
      occurredAt
      ...Experiments @defer
      ... on LaunchDarklyFlagEvent {
        impact { size percentage }
      }
    }
  }
}

fragment Experiments on LaunchDarklyFlagEvent {
  experiments { nodes { name iteration { status } } }
}
`,
  },
  {
    query: `# Why was it changed, by whom, and what exactly? LaunchDarkly's
# audit log knows, and names tokens and apps, too.
query Why {
  flagEvents(first: 5, filter: { vendors: [LAUNCHDARKLY] }) {
    nodes {
      occurredAt
      kind
      flag { key }
      actor { name kind }
      ... on LaunchDarklyFlagEvent {
        auditLogEntry {
          title
          comment
          # Costs one call for each event.
          changes { path before after }
        }
      }
    }
    # How many of these details could not be loaded.
    sources { missingDetails }
  }
}
`,
  },
  {
    query: `# What happens from now on? Press the play button and
# change a flag. Press the button again to stop.
subscription Live {
  flagEventsAdded {
    nodes {
      occurredAt
      title
      flag { key }
      environment { key }
      actor { name }
      source { name }
    }
    # Completed since: LaunchDarkly's impact.
    updated {
      id
      ... on LaunchDarklyFlagEvent { impact { size percentage } }
    }
    # To go on from here: \`since: "<cursor>"\`.
    cursor
    isCaughtUp
    sources {
      source { name }
      status
      failure { message }
    }
  }
}
`,
  },
  {
    query: `# What happened to one flag, in both vendors?
# Its key is one of the variables below.
query OneFlag($key: String!, $filter: FlagEventFilter) {
  flag(key: $key) {
    events(first: 10, filter: $filter) {
      nodes {
        occurredAt
        title
        environment { key }
        source { name }
        ... on UnleashFlagEvent {
          changes { path before after }
        }
        ... on LaunchDarklyFlagEvent {
          impact { size }
          auditLogEntry { comment }
        }
      }
    }
  }
}
`,
    variables: JSON.stringify({ key: 'split-payments', filter: { environments: ['production'] } }, null, 2),
  },
  {
    query: `# Which accounts are read, and do they answer?
query Sources {
  flagSources {
    name
    vendor
    url
    rateLimit { remaining limit resetsAt }
  }
  flagEvents(first: 1) {
    sources {
      source { name }
      status
      failure { code message retryAfterSeconds }
      reachesBackTo
    }
  }
}
`,
  },
];

const options = {
  title: 'Flag events',
  defaultTabs: defaultTabs.map((tab) => ({ headers, ...tab })),
  defaultHeaders: headers,
  defaultEditorToolsVisibility: 'variables',
  shouldPersistHeaders: false,
} satisfies GraphiQLOptions;

/** Beside the title, where there is room for it. */
const LINK = `
      <style>
        .reference { position: fixed; top: 29px; right: 190px; z-index: 1; font: 15px Roboto, sans-serif; color: #6b7280; }
        .reference:not(:hover) { text-decoration: none; }
        @media (max-width: 1000px) { .reference { display: none; } }
      </style>
      <a class="reference" href="${REFERENCE_PATH}" target="_blank">Schema reference</a>`;

/** GraphiQL as one page that loads nothing from other hosts, with a link to the reference if there is one. */
export function createGraphiQLPage({ hasReference }: { hasReference: boolean }): PageAnswer {
  const root = '<div id="root"></div>';
  return createPage({
    type: 'text/html; charset=utf-8',
    // Loaded only now: it is 40 MB in memory, and in production GraphiQL is off.
    async read() {
      const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
      return renderGraphiQL(options).replace(root, hasReference ? `${root}${LINK}` : root);
    },
  });
}
