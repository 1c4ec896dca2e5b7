/**
 * @generated SignedSource<<831dcd13d10fd98dfc128f27c15b1f86>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ReaderFragment } from 'relay-runtime';
import { FragmentRefs } from "relay-runtime";
export type timeline_experiments$data = {
  readonly experiments: {
    readonly nodes: ReadonlyArray<{
      readonly key: string;
    }>;
  } | null | undefined;
  readonly " $fragmentType": "timeline_experiments";
};
export type timeline_experiments$key = {
  readonly " $data"?: timeline_experiments$data;
  readonly " $fragmentSpreads": FragmentRefs<"timeline_experiments">;
};

const node: ReaderFragment = {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": null,
  "name": "timeline_experiments",
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
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "key",
              "storageKey": null
            }
          ],
          "storageKey": null
        }
      ],
      "storageKey": "experiments(first:10)"
    }
  ],
  "type": "LaunchDarklyFlagEvent",
  "abstractKey": null
};

(node as any).hash = "fcc4604ea300f3c6af2967497ec43503";

export default node;
