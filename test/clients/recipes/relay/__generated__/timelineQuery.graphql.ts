/**
 * @generated SignedSource<<b8e5d68393e37f85ba2fb31fd1ac282b>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
import { FragmentRefs } from "relay-runtime";
export type FlagEventKind = "ACCESS_CHANGED" | "APPROVAL_CHANGED" | "ARCHIVED" | "CONFIGURATION_CHANGED" | "CREATED" | "DELETED" | "DEPENDENCIES_CHANGED" | "DISABLED" | "ENABLED" | "EXPERIMENT_CHANGED" | "EXPORTED" | "IMPORTED" | "METADATA_CHANGED" | "MOVED" | "OTHER" | "RESTORED" | "ROLLOUT_CHANGED" | "SCHEDULE_CHANGED" | "STALE_CHANGED" | "TAGS_CHANGED" | "TARGETING_CHANGED" | "VARIATIONS_CHANGED" | "%future added value";
export type FlagVendor = "LAUNCHDARKLY" | "UNLEASH" | "%future added value";
export type LaunchDarklyImpactSize = "LARGE" | "MEDIUM" | "NONE" | "OTHER" | "SMALL" | "%future added value";
export type FlagEventFilter = {
  actors?: ReadonlyArray<string> | null | undefined;
  environments?: ReadonlyArray<string> | null | undefined;
  flagKeys?: ReadonlyArray<string> | null | undefined;
  from?: string | null | undefined;
  kinds?: ReadonlyArray<FlagEventKind> | null | undefined;
  launchDarkly?: LaunchDarklyFlagEventFilter | null | undefined;
  projects?: ReadonlyArray<string> | null | undefined;
  sources?: ReadonlyArray<string> | null | undefined;
  to?: string | null | undefined;
  types?: ReadonlyArray<string> | null | undefined;
  unleash?: UnleashFlagEventFilter | null | undefined;
  vendors?: ReadonlyArray<FlagVendor> | null | undefined;
};
export type LaunchDarklyFlagEventFilter = {
  applicationKeys?: ReadonlyArray<string> | null | undefined;
  global?: boolean | null | undefined;
  hasExperiments?: boolean | null | undefined;
  impactSizes?: ReadonlyArray<LaunchDarklyImpactSize> | null | undefined;
};
export type UnleashFlagEventFilter = {
  createdByUserIds?: ReadonlyArray<number> | null | undefined;
  groupId?: string | null | undefined;
  tags?: ReadonlyArray<string> | null | undefined;
  text?: string | null | undefined;
};
export type timelineQuery$variables = {
  count: number;
  filter?: FlagEventFilter | null | undefined;
};
export type timelineQuery$data = {
  readonly " $fragmentSpreads": FragmentRefs<"timeline_page">;
};
export type timelineQuery = {
  response: timelineQuery$data;
  variables: timelineQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "count"
  },
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "filter"
  }
],
v1 = {
  "kind": "Variable",
  "name": "filter",
  "variableName": "filter"
},
v2 = [
  (v1/*:: as any*/),
  {
    "kind": "Variable",
    "name": "first",
    "variableName": "count"
  }
],
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "key",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "timelineQuery",
    "selections": [
      {
        "args": [
          {
            "kind": "Variable",
            "name": "count",
            "variableName": "count"
          },
          (v1/*:: as any*/)
        ],
        "kind": "FragmentSpread",
        "name": "timeline_page"
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "timelineQuery",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "FlagEventConnection",
        "kind": "LinkedField",
        "name": "flagEvents",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "concreteType": "PageInfo",
            "kind": "LinkedField",
            "name": "pageInfo",
            "plural": false,
            "selections": [
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "startCursor",
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "endCursor",
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "hasNextPage",
                "storageKey": null
              }
            ],
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "concreteType": "FlagEventEdge",
            "kind": "LinkedField",
            "name": "edges",
            "plural": true,
            "selections": [
              {
                "alias": null,
                "args": null,
                "concreteType": null,
                "kind": "LinkedField",
                "name": "node",
                "plural": false,
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "__typename",
                    "storageKey": null
                  },
                  (v3/*:: as any*/),
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "title",
                    "storageKey": null
                  },
                  {
                    "alias": null,
                    "args": null,
                    "concreteType": "FeatureFlag",
                    "kind": "LinkedField",
                    "name": "flag",
                    "plural": false,
                    "selections": [
                      (v4/*:: as any*/),
                      (v3/*:: as any*/)
                    ],
                    "storageKey": null
                  },
                  {
                    "if": null,
                    "kind": "Defer",
                    "label": "timeline_page$defer$timeline_experiments",
                    "selections": [
                      {
                        "kind": "InlineFragment",
                        "selections": [
                          {
                            "alias": null,
                            "args": [
                              {
                                "kind": "Literal",
                                "name": "first",
                                "value": 10
                              }
                            ],
                            "concreteType": "LaunchDarklyExperimentConnection",
                            "kind": "LinkedField",
                            "name": "experiments",
                            "plural": false,
                            "selections": [
                              {
                                "alias": null,
                                "args": null,
                                "concreteType": "LaunchDarklyExperiment",
                                "kind": "LinkedField",
                                "name": "nodes",
                                "plural": true,
                                "selections": [
                                  (v4/*:: as any*/)
                                ],
                                "storageKey": null
                              }
                            ],
                            "storageKey": "experiments(first:10)"
                          }
                        ],
                        "type": "LaunchDarklyFlagEvent",
                        "abstractKey": null
                      }
                    ]
                  }
                ],
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "cursor",
                "storageKey": null
              }
            ],
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "concreteType": "FlagSourceReport",
            "kind": "LinkedField",
            "name": "sources",
            "plural": true,
            "selections": [
              {
                "alias": null,
                "args": null,
                "concreteType": "FlagSource",
                "kind": "LinkedField",
                "name": "source",
                "plural": false,
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "name",
                    "storageKey": null
                  },
                  (v3/*:: as any*/)
                ],
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "status",
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "concreteType": "FlagSourceFailure",
                "kind": "LinkedField",
                "name": "failure",
                "plural": false,
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "message",
                    "storageKey": null
                  }
                ],
                "storageKey": null
              }
            ],
            "storageKey": null
          },
          {
            "kind": "ClientExtension",
            "selections": [
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "__id",
                "storageKey": null
              }
            ]
          }
        ],
        "storageKey": null
      },
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "filters": [
          "filter"
        ],
        "handle": "connection",
        "key": "timeline_flagEvents",
        "kind": "LinkedHandle",
        "name": "flagEvents"
      }
    ]
  },
  "params": {
    "cacheID": "c0fc4c8e9cb55b108d5a08e38f77aeca",
    "id": null,
    "metadata": {},
    "name": "timelineQuery",
    "operationKind": "query",
    "text": "query timelineQuery(\n  $count: Int!\n  $filter: FlagEventFilter\n) {\n  ...timeline_page_26eJ3g\n}\n\nfragment timeline_experiments on LaunchDarklyFlagEvent {\n  experiments(first: 10) {\n    nodes {\n      key\n    }\n  }\n}\n\nfragment timeline_page_26eJ3g on Query {\n  flagEvents(first: $count, filter: $filter) {\n    pageInfo {\n      startCursor\n      endCursor\n      hasNextPage\n    }\n    edges {\n      node {\n        __typename\n        id\n        title\n        flag {\n          key\n          id\n        }\n        ...timeline_experiments @defer(label: \"timeline_page$defer$timeline_experiments\")\n      }\n      cursor\n    }\n    sources {\n      source {\n        name\n        id\n      }\n      status\n      failure {\n        message\n      }\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "e16a78113667a19e68ca08feb2f9ceb2";

export default node;
