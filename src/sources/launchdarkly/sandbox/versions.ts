/** What a flag looked like before and after each change of the story. */
import type { Story } from '../../story.ts';
import { type FlagChange, hexadecimalId, VALUES } from './data.ts';

type FlagVersion = Record<string, unknown>;

/** One of the two is missing when the flag is created or deleted. */
export interface FlagVersions {
  previousVersion?: FlagVersion;
  currentVersion?: FlagVersion;
}

interface FlagState {
  name: string;
  variations: { _id: string; value: unknown; name: string }[];
  archived: boolean;
  environments: Map<string, EnvironmentState>;
}

interface EnvironmentState {
  on: boolean;
  targets: { variation: number; values: string[] }[];
  rules: object[];
  fallthrough: object;
  prerequisites: object[];
  trackEvents: boolean;
  version: number;
  lastModified: number;
}

export function createFlagVersions(story: Story) {
  const flags = new Map<string, FlagState>();

  /** The flag before and after the change; call it once for each, oldest first. */
  function next(own: FlagChange): FlagVersions {
    const { flag, kind } = own.change;
    const known = flags.get(flag);
    const before = known && print(story, own, known);
    const state = known ?? createFlag(story, flag);
    flags.set(flag, state);
    change(state, own);
    return {
      ...(before && { previousVersion: before }),
      ...(kind !== 'DELETED' && { currentVersion: print(story, own, state) }),
    };
  }

  return { next };
}

function createFlag(story: Story, key: string): FlagState {
  const index = story.flags.findIndex((flag) => flag.key === key);
  const [off, on] = VALUES[index % VALUES.length] ?? [false, true];
  const variation = (name: string, value: unknown) => ({ _id: hexadecimalId(`variation ${key} ${name}`), value, name });
  return {
    name: story.flags[index]?.name ?? key,
    variations: [variation('off', off), variation('on', on)],
    archived: false,
    environments: new Map(
      story.environments.map((environment) => [
        environment,
        {
          on: false,
          targets: [{ variation: 1, values: ['user-1001', 'user-1002'] }],
          rules: [],
          fallthrough: { variation: 1 },
          prerequisites: [],
          trackEvents: false,
          version: 1,
          lastModified: 0,
        },
      ]),
    ),
  };
}

function change(state: FlagState, { change: { at, environment, kind }, number }: FlagChange): void {
  if (kind === 'ARCHIVED' || kind === 'RESTORED') state.archived = kind === 'ARCHIVED';
  if (kind === 'VARIATIONS_CHANGED') {
    state.variations.push({ _id: hexadecimalId(`variation ${number}`), value: `later-${number}`, name: 'later' });
  }
  for (const [key, own] of state.environments) {
    if (environment !== null && environment !== key) continue;
    changeIn(own, kind, number);
    own.version += 1;
    own.lastModified = at;
  }
}

function changeIn(own: EnvironmentState, kind: FlagChange['change']['kind'], number: number): void {
  if (kind === 'ENABLED' || kind === 'DISABLED') own.on = kind === 'ENABLED';
  if (kind === 'EXPERIMENT_CHANGED') own.trackEvents = !own.trackEvents;
  if (kind === 'DEPENDENCIES_CHANGED') own.prerequisites.push({ key: 'checkout-redesign', variation: 1 });
  if (kind === 'ROLLOUT_CHANGED') {
    const weight = ((number * 5_000) % 100_000) + 1_000;
    const variations = [
      { variation: 0, weight: 100_000 - weight },
      { variation: 1, weight },
    ];
    own.fallthrough = { rollout: { variations, bucketBy: 'key' } };
  }
  if (kind === 'TARGETING_CHANGED' && number % 2 === 0) own.targets[0]?.values.push(`user-${2_000 + number}`);
  if (kind === 'TARGETING_CHANGED' && number % 2 === 1) {
    const values = [number % 3 === 0 ? 'release.manager@example.com' : `region-${number}`];
    const clause = { _id: hexadecimalId(`clause ${number}`), attribute: 'email', op: 'in', values, negate: false };
    own.rules.push({ _id: hexadecimalId(`rule ${number}`), variation: 1, clauses: [clause], trackEvents: false });
  }
}

/** With every environment, with user keys, with salts, and with the maintainer's e-mail address, as in reality. */
function print(story: Story, { change: { flag } }: FlagChange, state: FlagState): FlagVersion {
  const [maintainer] = story.actors;
  const environments = [...state.environments].map(([key, own]) => [
    key,
    {
      ...own,
      archived: state.archived,
      salt: hexadecimalId(`salt ${flag} ${key}`),
      sel: hexadecimalId(`sel ${flag} ${key}`),
      offVariation: 0,
      _environmentName: key,
      _site: { href: `/default/${key}/features/${flag}`, type: 'text/html' },
    },
  ]);
  return structuredClone({
    name: state.name,
    kind: 'multivariate',
    key: flag,
    _version: [...state.environments.values()].reduce((sum, { version }) => sum + version, 0),
    variations: state.variations,
    temporary: true,
    tags: [],
    archived: state.archived,
    _maintainer: { _id: hexadecimalId(`member ${maintainer?.email}`), email: maintainer?.email },
    _links: { self: { href: `/api/v2/flags/default/${flag}`, type: 'application/json' } },
    environments: Object.fromEntries(environments),
  });
}
