/**
 * @generated SignedSource<<5c8c7cfdc4bb2ffd4c3727e5e8c3fd8a>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
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
export type liveSubscription$variables = {
  filter?: FlagEventFilter | null | undefined;
  since?: string | null | undefined;
};
export type liveSubscription$data = {
  readonly flagEventsAdded: {
    readonly cursor: string;
    readonly edges: ReadonlyArray<{
      readonly cursor: string;
      readonly node: {
        readonly flag: {
          readonly key: string;
        } | null | undefined;
        readonly id: string;
        readonly title: string;
      };
    }>;
    readonly updated: ReadonlyArray<{
      readonly id: string;
      readonly title: string;
    }>;
  };
};
export type liveSubscription = {
  response: liveSubscription$data;
  variables: liveSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "filter"
},
v1 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "since"
},
v2 = [
  {
    "kind": "Variable",
    "name": "filter",
    "variableName": "filter"
  },
  {
    "kind": "Variable",
    "name": "since",
    "variableName": "since"
  }
],
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "cursor",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v5 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "title",
  "storageKey": null
},
v6 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "key",
  "storageKey": null
},
v7 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "__typename",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": [
      (v0/*:: as any*/),
      (v1/*:: as any*/)
    ],
    "kind": "Fragment",
    "metadata": null,
    "name": "liveSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "FlagEventBatch",
        "kind": "LinkedField",
        "name": "flagEventsAdded",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "concreteType": "FlagEventEdge",
            "kind": "LinkedField",
            "name": "edges",
            "plural": true,
            "selections": [
              (v3/*:: as any*/),
              {
                "alias": null,
                "args": null,
                "concreteType": null,
                "kind": "LinkedField",
                "name": "node",
                "plural": false,
                "selections": [
                  (v4/*:: as any*/),
                  (v5/*:: as any*/),
                  {
                    "alias": null,
                    "args": null,
                    "concreteType": "FeatureFlag",
                    "kind": "LinkedField",
                    "name": "flag",
                    "plural": false,
                    "selections": [
                      (v6/*:: as any*/)
                    ],
                    "storageKey": null
                  }
                ],
                "storageKey": null
              }
            ],
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "updated",
            "plural": true,
            "selections": [
              (v4/*:: as any*/),
              (v5/*:: as any*/)
            ],
            "storageKey": null
          },
          (v3/*:: as any*/)
        ],
        "storageKey": null
      }
    ],
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [
      (v1/*:: as any*/),
      (v0/*:: as any*/)
    ],
    "kind": "Operation",
    "name": "liveSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "FlagEventBatch",
        "kind": "LinkedField",
        "name": "flagEventsAdded",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "concreteType": "FlagEventEdge",
            "kind": "LinkedField",
            "name": "edges",
            "plural": true,
            "selections": [
              (v3/*:: as any*/),
              {
                "alias": null,
                "args": null,
                "concreteType": null,
                "kind": "LinkedField",
                "name": "node",
                "plural": false,
                "selections": [
                  (v7/*:: as any*/),
                  (v4/*:: as any*/),
                  (v5/*:: as any*/),
                  {
                    "alias": null,
                    "args": null,
                    "concreteType": "FeatureFlag",
                    "kind": "LinkedField",
                    "name": "flag",
                    "plural": false,
                    "selections": [
                      (v6/*:: as any*/),
                      (v4/*:: as any*/)
                    ],
                    "storageKey": null
                  }
                ],
                "storageKey": null
              }
            ],
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "updated",
            "plural": true,
            "selections": [
              (v7/*:: as any*/),
              (v4/*:: as any*/),
              (v5/*:: as any*/)
            ],
            "storageKey": null
          },
          (v3/*:: as any*/)
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "b06eb8ec993f965ddc4fccf84dc02b75",
    "id": null,
    "metadata": {},
    "name": "liveSubscription",
    "operationKind": "subscription",
    "text": "subscription liveSubscription(\n  $since: String\n  $filter: FlagEventFilter\n) {\n  flagEventsAdded(since: $since, filter: $filter) {\n    edges {\n      cursor\n      node {\n        __typename\n        id\n        title\n        flag {\n          key\n          id\n        }\n      }\n    }\n    updated {\n      __typename\n      id\n      title\n    }\n    cursor\n  }\n}\n"
  }
};
})();

(node as any).hash = "d5b7c5cdba58e2051317d976fecdb043";

export default node;
