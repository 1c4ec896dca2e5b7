import { createHash } from 'node:crypto';
import type { Story, StoryActor, StoryChange } from '../../story.ts';
import type { Draft, SandboxEvent } from './event.ts';
import { createFlagRenderer, DEFAULT_STRATEGY, ulid } from './flags.ts';

export interface SandboxData {
  /** Oldest first, in the order of their ids. */
  events: SandboxEvent[];
  users: { id: number; name: string }[];
  projects: { id: string; name: string }[];
  environments: string[];
}

type Author = Pick<SandboxEvent, 'createdBy' | 'createdByUserId'>;

interface Transaction extends Author {
  micros: number;
  drafts: Draft[];
}

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const SYSTEM: Author = { createdBy: 'unleash_system_user', createdByUserId: -1337 };
const TOKEN: Author = { createdBy: 'migration-pipeline', createdByUserId: -42 };
const ADMIN: Author = { createdBy: 'admin', createdByUserId: 1 };

/** What an Unleash would have logged of the story, and of its own life around it. */
export function renderStory(story: Story): SandboxData {
  const people = story.actors.map(({ firstName, lastName, email }, index) => {
    return { id: index + 2, name: `${firstName} ${lastName}`, email };
  });
  const authorOf = (actor: StoryActor): Author => {
    const user = people.find(({ email }) => email === actor.email);
    return { createdBy: actor.email, createdByUserId: user?.id ?? null };
  };
  const changes = story.changes.filter(({ vendors }) => vendors.includes('unleash')).toReversed();
  const told = tell(story, changes, authorOf);
  return {
    events: number([...told, ...housekeeping(people, changes)].sort((a, b) => a.micros - b.micros)),
    users: [{ id: 1, name: 'admin' }, ...people.map(({ id, name }) => ({ id, name }))],
    projects: story.projects.map(({ key, name }) => ({ id: key, name })),
    environments: story.environments,
  };
}

/** Changes of one author to one project in one millisecond were one transaction. */
function tell(story: Story, changes: StoryChange[], authorOf: (actor: StoryActor) => Author): Transaction[] {
  const aboutFlag = createFlagRenderer(story);
  const aboutInstance = createInstanceRenderer(story);
  const transactions: Transaction[] = [];
  let previous: StoryChange | undefined;
  let position = 0;
  for (const change of changes) {
    const { at, flag, kind, project, actor } = change;
    const author = actor ? authorOf(actor) : kind === 'STALE_CHANGED' ? SYSTEM : TOKEN;
    const drafts = flag === null ? aboutInstance(change) : aboutFlag(change, flag);
    const last = transactions.at(-1);
    position = previous?.at === at ? position + 1 : 0;
    if (last && previous?.at === at && previous.project === project && last.createdBy === author.createdBy) {
      last.drafts.push(...drafts);
    } else {
      transactions.push({ ...author, micros: at * 1000 + Math.min(7 * position, 999), drafts });
    }
    previous = change;
  }
  return transactions;
}

/** Changes about no flag; several types stand for each kind, in turn. */
function createInstanceRenderer(story: Story): (change: StoryChange) => Draft[] {
  const seen = new Set<string>();
  const isFirst = (key: string) => seen.size < seen.add(key).size;
  return ({ kind, project, environment, at }) => {
    const createdAt = new Date(at).toISOString();
    const segment = { id: seen.size, name: `${project}-audience`, project, constraints: [], createdAt };
    if (kind === 'CONFIGURATION_CHANGED' && environment !== null) {
      if (isFirst(environment)) {
        const data = { name: environment, type: environment, enabled: true, sortOrder: seen.size };
        return [{ type: 'environment-created', data }];
      }
      if (isFirst(`${project}/${environment}`)) return [{ type: 'project-environment-added', project, environment }];
      return [{ type: 'default-strategy-updated', project, environment, data: DEFAULT_STRATEGY }];
    }
    if (kind === 'CONFIGURATION_CHANGED') {
      if (!isFirst(project)) return [{ type: 'segment-created', project, data: segment }];
      const { name } = story.projects.find(({ key }) => key === project) ?? { name: project };
      return [{ type: 'project-created', project, data: { id: project, name, defaultStickiness: 'default' } }];
    }
    if (kind === 'EXPORTED') {
      const features = story.flags
        .filter((flag) => flag.project === project)
        .map(({ key }) => ({ name: key, project }));
      return [{ type: 'features-exported', data: { data: { features, featureStrategies: [] } } }];
    }
    if (kind === 'IMPORTED') return [{ type: 'features-imported', project, environment }];
    if (kind === 'ACCESS_CHANGED') {
      const data = { roles: [{ roleId: 5, groupIds: [], userIds: [2 + (seen.size % 5)] }] };
      return [{ type: 'project-access-added', project, data }];
    }
    return [{ type: 'setting-updated', data: { id: 'unleash.retention', days: 30 } }];
  };
}

/** What every instance logs besides: rows of its own migrations, users, invitations, favourites. */
function housekeeping(people: { id: number; name: string; email: string }[], changes: StoryChange[]): Transaction[] {
  const first = (changes[0]?.at ?? 0) * 1000;
  const last = (changes.at(-1)?.at ?? 0) * 1000;
  const migration: Author = { createdBy: 'migration', createdByUserId: null };
  const one = (author: Author, micros: number, ...drafts: Draft[]): Transaction => {
    return { ...author, micros, drafts };
  };
  const strategies = ['default', 'userWithId', 'remoteAddress', 'flexibleRollout'];
  const token = { tokenName: 'admin', environment: '*', projects: ['*'], type: 'admin', alias: null, secure: false };
  return [
    ...strategies.map((name, index) =>
      one(migration, first - 90 * MINUTE + index * 1000, { type: 'strategy-created', data: { name } }),
    ),
    one(SYSTEM, first - 89 * MINUTE, { type: 'api-token-created', project: '*', environment: '*', data: token }),
    ...people.map(({ id, name, email }, index) =>
      one(ADMIN, first - 60 * MINUTE + index * MINUTE, {
        type: 'user-created',
        data: { id, name, email, rootRole: 2 },
      }),
    ),
    one(ADMIN, first - 45 * MINUTE, { type: 'public-signup-token-created', data: invitation(first - 45 * MINUTE) }),
    ...changes
      .filter(({ kind, flag, actor }) => kind === 'CREATED' && flag !== null && actor !== null)
      .filter((_, index) => index % 4 === 0)
      .map(({ at, flag, actor }) => {
        const user = people.find(({ email }) => email === actor?.email);
        const author = { createdBy: actor?.email ?? 'admin', createdByUserId: user?.id ?? 1 };
        return one(author, at * 1000 + 90 * SECOND, {
          type: 'feature-favorited',
          featureName: flag,
          data: { feature: flag },
        });
      }),
    one(ADMIN, last - 20 * MINUTE, { type: 'public-signup-token-created', data: invitation(last - 20 * MINUTE) }),
  ];
}

/** Unleash logs invitations in clear, with everything needed to use them. */
function invitation(micros: number) {
  const secret = createHash('md5').update(`sandbox ${micros}`).digest('hex');
  const at = (days: number) => new Date(micros / 1000 + days * 86_400_000).toISOString();
  return {
    secret,
    name: 'contractors',
    url: `http://localhost:4242/new-user?invite=${secret}`,
    expiresAt: at(30),
    enabled: true,
    createdAt: at(0),
    createdBy: 'admin',
    role: { id: 3, name: 'Viewer', type: 'root' },
    users: [],
  };
}

/** Types Unleash writes outside of any transaction group. */
const UNGROUPED =
  /^(user|group|role|project-(?!environment)|segment|setting|public|api-token|strategy-c|feature-(fav|stale|pot|untag|project)|features-exported)/;

/** The column is filled from a sequence when a row is written, but its time is the one its transaction began. */
function number(transactions: Transaction[]): SandboxEvent[] {
  let id = 0;
  return inCommitOrder(transactions).flatMap(({ drafts, micros, createdBy, createdByUserId }, index) => {
    if (index % 19 === 18) id += 2; // Rolled back: numbers spent, nothing written.
    const transaction = ulid(Math.floor(micros / 1000), String(index));
    return drafts.map((draft): SandboxEvent => {
      id += 1;
      const { type, data = null, preData = null, tags = [], changeRequestId, ...where } = draft;
      const { featureName = null, project = null, environment = null } = where;
      return {
        ...{ id, type, createdBy, createdByUserId, createdAtMicros: micros },
        ...{ data, preData, tags, featureName, project, environment },
        ...groupOf(type, transaction, changeRequestId),
      };
    });
  });
}

function groupOf(type: string, transaction: string, changeRequestId?: number): Partial<SandboxEvent> {
  if (changeRequestId !== undefined) return { groupType: 'change-request', groupId: String(changeRequestId) };
  return UNGROUPED.test(type) ? {} : { groupType: 'transaction', groupId: transaction };
}

/** Of two transactions that overlapped, every other one that began first was written last. */
function inCommitOrder(transactions: Transaction[]): Transaction[] {
  const ordered = [...transactions];
  for (let index = 1; index < ordered.length; index += 2) {
    const [earlier, later] = [ordered[index - 1], ordered[index]];
    if (earlier && later && later.micros > earlier.micros && later.micros - earlier.micros < SECOND) {
      ordered.splice(index - 1, 2, later, earlier);
    }
  }
  return ordered;
}
