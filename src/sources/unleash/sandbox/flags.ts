import { createHash } from 'node:crypto';
import type { FlagEventKind } from '../../../model.ts';
import type { Story, StoryChange } from '../../story.ts';
import type { Draft, Tag } from './event.ts';

interface Strategy {
  id: string;
  rollout: number;
  segmentSize: number;
}

/** What the story does not say but the payloads show: the state of a flag before and after each change. */
interface FlagState {
  name: string;
  description: string;
  project: string;
  createdAt: string;
  stale: boolean;
  archived: boolean;
  revision: number;
  tags: Tag[];
  strategies: Map<string, Strategy>;
  variants: number;
  depends: boolean;
}

interface Scene extends StoryChange {
  flag: string;
  state: FlagState;
  /** Of the change, or all: Unleash knows no change that concerns every environment at once. */
  environments: string[];
  tags: Tag[];
  neighbour: string;
  /** The number the next change request gets. */
  changeRequestId: number;
}

/** Renders the changes of flags, which have to come oldest first: each payload shows what the earlier ones left. */
export function createFlagRenderer(story: Story): (change: StoryChange, flag: string) => Draft[] {
  const states = new Map<string, FlagState>();
  let changeRequests = 100;
  return (change, flag) => {
    const { project } = change;
    const plot = story.flags.find(({ key }) => key === flag);
    const state = states.get(flag) ?? firstState(flag, plot?.description ?? '', change);
    states.set(flag, state);
    changeRequests += 1;
    const drafts = FLAG_CHANGES[change.kind]({
      ...change,
      flag,
      state,
      environments: change.environment ? [change.environment] : story.environments,
      tags: plot?.tags ?? [],
      neighbour: story.flags.find((other) => other.project === project && other.key !== flag)?.key ?? flag,
      changeRequestId: changeRequests,
    });
    return drafts.map((draft) => ({ featureName: flag, project, tags: state.tags, ...draft }));
  };
}

function firstState(name: string, description: string, { project, at }: StoryChange): FlagState {
  const untouched = { stale: false, archived: false, revision: 0, variants: 0, depends: false };
  const createdAt = new Date(at).toISOString();
  return { name, description, project, createdAt, ...untouched, tags: [], strategies: new Map() };
}

const FLAG_CHANGES: Record<FlagEventKind, (scene: Scene) => Draft[]> = {
  CREATED: ({ state, tags }) => {
    const created = { type: 'feature-created', data: wholeFlag(state), tags: [] };
    return [created, ...tags.flatMap((tag) => tagged(state, tag))];
  },
  DELETED: ({ state, at }) => {
    return [{ type: 'feature-deleted', preData: { ...wholeFlag(state), archivedAt: new Date(at).toISOString() } }];
  },
  ARCHIVED: ({ state }) => {
    state.archived = true;
    return [{ type: 'feature-archived' }];
  },
  RESTORED: ({ state }) => {
    state.archived = false;
    return [{ type: 'feature-revived' }];
  },
  ENABLED: (scene) =>
    scene.environments.flatMap((environment) => [
      ...(scene.state.strategies.has(environment) ? [] : updateStrategy(scene, environment, (strategy) => strategy)),
      { type: 'feature-environment-enabled', environment },
    ]),
  DISABLED: ({ environments }) =>
    environments.map((environment) => ({ type: 'feature-environment-disabled', environment })),
  TARGETING_CHANGED: (scene) =>
    scene.environments.flatMap((environment) =>
      updateStrategy(scene, environment, (was) => ({ ...was, segmentSize: (was.segmentSize % 4) + 1 })),
    ),
  ROLLOUT_CHANGED: (scene) =>
    scene.environments.flatMap((environment) =>
      updateStrategy(scene, environment, (was) => ({ ...was, rollout: was.rollout >= 100 ? 25 : was.rollout + 25 })),
    ),
  VARIATIONS_CHANGED: ({ state, environments }) => {
    const preData = { variants: variants(state.variants) };
    state.variants = (state.variants % 3) + 1;
    const data = { variants: variants(state.variants) };
    return environments.map((environment) => {
      return { type: 'feature-environment-variants-updated', environment, data, preData };
    });
  },
  SCHEDULE_CHANGED: ({ environment, at, changeRequestId }) => {
    const data = { changeRequestId, scheduledDate: new Date(at + 86_400_000).toISOString() };
    return [{ type: 'change-request-scheduled', environment, data, changeRequestId }];
  },
  APPROVAL_CHANGED: ({ environment, changeRequestId }) => {
    return [{ type: 'change-request-approved', environment, data: { changeRequestId }, changeRequestId }];
  },
  EXPERIMENT_CHANGED: ({ state }) => metadataUpdated(state),
  METADATA_CHANGED: ({ state }) => metadataUpdated(state),
  TAGS_CHANGED: ({ state }) => {
    const tag = state.tags.find(({ value }) => value === 'needs-review');
    return tag ? untagged(state, tag) : tagged(state, { type: 'simple', value: 'needs-review' });
  },
  STALE_CHANGED: ({ state, actor }) => {
    if (actor === null) return [{ type: 'feature-potentially-stale-on' }];
    state.stale = !state.stale;
    return [{ type: state.stale ? 'feature-stale-on' : 'feature-stale-off' }];
  },
  DEPENDENCIES_CHANGED: ({ state, neighbour }) => {
    state.depends = !state.depends;
    if (!state.depends) return [{ type: 'feature-dependencies-removed' }];
    return [{ type: 'feature-dependency-added', data: { feature: neighbour, enabled: true } }];
  },
  MOVED: ({ state, project, movedFrom }) => {
    const oldProject = movedFrom ?? state.project;
    state.project = project;
    return [{ type: 'feature-project-change', data: { newProject: project, oldProject } }];
  },
  IMPORTED: ({ environment }) => [{ type: 'features-imported', environment }],
  EXPORTED: ({ state }) => [{ type: 'features-exported', data: { data: { features: [wholeFlag(state)] } } }],
  ACCESS_CHANGED: () => [
    { type: 'project-access-added', data: { roles: [{ roleId: 5, groupIds: [], userIds: [2] }] } },
  ],
  CONFIGURATION_CHANGED: ({ environments }) =>
    environments.map((environment) => ({ type: 'default-strategy-updated', environment, data: DEFAULT_STRATEGY })),
  OTHER: ({ flag }) => [{ type: 'feature-favorited', project: null, data: { feature: flag }, tags: [] }],
};

export const DEFAULT_STRATEGY = {
  name: 'flexibleRollout',
  parameters: { rollout: '100', stickiness: 'default', groupId: 'default' },
  constraints: [],
};

function metadataUpdated(state: FlagState): Draft[] {
  const preData = wholeFlag(state);
  state.revision += 1;
  return [{ type: 'feature-metadata-updated', data: wholeFlag(state), preData }];
}

function wholeFlag({ name, description, project, createdAt, stale, archived, revision }: FlagState) {
  return {
    name,
    description: revision === 0 ? description : `${description} Revision ${revision}.`,
    type: revision % 2 === 0 ? 'release' : 'operational',
    project,
    stale,
    createdAt,
    impressionData: false,
    archived,
  };
}

function tagged(state: FlagState, tag: Tag): Draft[] {
  state.tags = [...state.tags, tag];
  return [{ type: 'feature-tagged', data: tag }];
}

/** The event still shows the tag that is gone, with a colour no other event has. */
function untagged(state: FlagState, tag: Tag): Draft[] {
  const before = state.tags.map((each) => (each === tag ? { ...tag, color: '#FFFFFF' } : each));
  state.tags = state.tags.filter((each) => each !== tag);
  return [{ type: 'feature-untagged', preData: tag, tags: before }];
}

function updateStrategy(
  { state, at, flag }: Scene,
  environment: string,
  update: (strategy: Strategy) => Strategy,
): Draft[] {
  const before = state.strategies.get(environment);
  const after = before ? update(before) : { id: ulid(at, `${flag}/${environment}`), rollout: 25, segmentSize: 0 };
  state.strategies.set(environment, after);
  const data = wholeStrategy(flag, after);
  if (before === undefined) return [{ type: 'feature-strategy-add', environment, data }];
  return [{ type: 'feature-strategy-update', environment, data, preData: wholeStrategy(flag, before) }];
}

function wholeStrategy(flag: string, { id, rollout, segmentSize }: Strategy) {
  const values = ['beta', 'staff', 'partners', 'everyone'].slice(0, segmentSize);
  return {
    id,
    name: 'flexibleRollout',
    title: null,
    disabled: false,
    constraints: segmentSize === 0 ? [] : [{ contextName: 'audience', operator: 'IN', values }],
    parameters: { groupId: flag, rollout: String(rollout), stickiness: 'default' },
    variants: [],
    sortOrder: 0,
    segments: [],
  };
}

function variants(count: number) {
  return ['control', 'treatment', 'other']
    .slice(0, count)
    .map((name) => ({ name, weight: Math.floor(1000 / count), weightType: 'variable', stickiness: 'default' }));
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** @see https://github.com/ulid/spec */
export function ulid(ms: number, salt: string): string {
  const letter = (value: number) => CROCKFORD.charAt(value % 32);
  const time = Array.from({ length: 10 }, (_, index) => letter(Math.floor(ms / 32 ** (9 - index))));
  const noise = createHash('sha256').update(`${ms} ${salt}`).digest().subarray(0, 16);
  return time.join('') + Array.from(noise, letter).join('');
}
