/** The tabs GraphiQL opens with. The first needs no variables: GraphiQL loses those of its first tab. */
export const defaultTabs = [
  {
    query: `# What changed last, wherever it changed.
query WhatChanged {
  flagEvents(first: 10) {
    edges {
      node {
        occurredAt
        title
        kind
        flag { key }
        project { key }
        environment { key }
        actor { name }
        source { name vendor }
      }
    }
    pageInfo { hasNextPage endCursor }
    sources { source { name } status failure { code message } }
  }
}
`,
  },
  {
    query: `# What was turned on or off in production, and what it did to users.
query Impact {
  flagEvents(first: 10, filter: { kinds: [ENABLED, DISABLED], environments: ["production"] }) {
    edges {
      node {
        occurredAt
        kind
        flag { key }
        actor { name }
        ... on LaunchDarklyFlagEvent {
          impact { size percentage evaluationsSummary { variations { value before after } } }
          experiments { nodes { name iteration { status } } }
        }
        ... on UnleashFlagEvent {
          changes { path before after }
        }
      }
    }
  }
}
`,
  },
];
