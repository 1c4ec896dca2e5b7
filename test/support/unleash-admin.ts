import type { ControlCommands, EventRow, RealUnleash } from './unleash-child.ts';

export type { EventRow };

export interface UnleashEvent {
  id: number;
  type: string;
  createdBy: string;
  createdByUserId: number | null;
  createdAt: string;
  data: unknown;
  preData: unknown;
  tags: { type: string; value: string }[];
  featureName: string | null;
  project: string | null;
  environment: string | null;
  groupType?: string;
  groupId?: string;
  label: string;
  summary: string;
}

export interface Strategy {
  id: string;
  name: string;
  parameters: Record<string, string>;
}

export type UnleashAdmin = ReturnType<typeof createUnleashAdmin>;

/** Changes the real server through its own admin API. Each call resolves after its events can be read back. */
export function createUnleashAdmin({ url, adminToken }: RealUnleash, project = 'default') {
  const features = `/api/admin/projects/${project}/features`;
  const feature = (flag: string) => `${features}/${flag}`;
  const strategies = (flag: string, environment: string) => `${feature(flag)}/environments/${environment}/strategies`;

  async function send<T>(method: string, path: string, body: unknown = {}, identity = byToken): Promise<T> {
    const ask = async () => {
      const headers = { ...(await identity()), 'content-type': 'application/json' };
      return fetch(url + path, { method, headers, body: JSON.stringify(body) });
    };
    let response = await ask();
    if (response.status === 401 && identity === byUser) {
      // Now and then, while many log in at the same time, Unleash forgets a session.
      session = undefined;
      response = await ask();
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return (text.startsWith('{') ? JSON.parse(text) : undefined) as T;
  }

  async function byToken(): Promise<Record<string, string>> {
    return { authorization: adminToken };
  }

  /** The user "admin" with id 1, for what a token, being nobody, cannot do. */
  let session: Promise<string> | undefined;
  async function byUser(): Promise<Record<string, string>> {
    session ??= logIn(url);
    return { cookie: await session };
  }

  return {
    send,
    createFlag: (name: string, rest: { type?: string; description?: string } = {}) =>
      send<void>('POST', features, { name, ...rest }),
    updateFlag: (flag: string, rest: { type?: string; description?: string; impressionData?: boolean }) =>
      send<void>('PUT', feature(flag), { name: flag, ...rest }),
    setStale: (flag: string, value: boolean) =>
      send<void>('PATCH', feature(flag), [{ op: 'replace', path: '/stale', value }]),
    toggle: (flag: string, environment: string, state: 'on' | 'off') =>
      send<void>('POST', `${feature(flag)}/environments/${environment}/${state}`),
    addStrategy: (flag: string, environment: string, parameters: Record<string, string> = rollout(flag, 100)) =>
      send<Strategy>('POST', strategies(flag, environment), { name: 'flexibleRollout', parameters }),
    updateStrategy: (flag: string, environment: string, { id, name }: Strategy, parameters: Record<string, string>) =>
      send<Strategy>('PUT', `${strategies(flag, environment)}/${id}`, { name, parameters }),
    removeStrategy: (flag: string, environment: string, { id }: Strategy) =>
      send<void>('DELETE', `${strategies(flag, environment)}/${id}`),
    tag: (flag: string, value: string, type = 'simple') =>
      send<void>('POST', `/api/admin/features/${flag}/tags`, { type, value }),
    untag: (flag: string, value: string, type = 'simple') =>
      send<void>('DELETE', `/api/admin/features/${flag}/tags/${type}/${value}`),
    archive: (flag: string) => send<void>('DELETE', feature(flag)),
    revive: (flag: string) => send<void>('POST', `/api/admin/archive/revive/${flag}`),
    deleteArchived: (flag: string) => send<void>('DELETE', `/api/admin/archive/${flag}`),
    favorite: (flag: string) => send<void>('POST', `${feature(flag)}/favorites`, {}, byUser),
    unfavorite: (flag: string) => send<void>('DELETE', `${feature(flag)}/favorites`, {}, byUser),
    complete: (flag: string) =>
      send<void>('POST', `${feature(flag)}/lifecycle/complete`, { status: 'kept', statusValue: 'on' }),
    uncomplete: (flag: string) => send<void>('POST', `${feature(flag)}/lifecycle/uncomplete`),
    addLink: (flag: string, link: string) =>
      send<void>('POST', `${feature(flag)}/link`, { url: link, title: 'Ticket' }),
    dependOn: (flag: string, parent: string) =>
      send<void>('POST', `${feature(flag)}/dependencies`, { feature: parent }),
    dropDependencies: (flag: string) => send<void>('DELETE', `${feature(flag)}/dependencies`),
    createSegment: (name: string) =>
      send<{ id: number }>('POST', '/api/admin/segments', { name, project, constraints: [] }),
    deleteSegment: (id: number) => send<void>('DELETE', `/api/admin/segments/${id}`),
    createToken: (tokenName: string, environment = 'development') =>
      send<void>('POST', '/api/admin/api-tokens', { tokenName, type: 'client', environment, projects: [project] }),
  };
}

async function logIn(url: string): Promise<string> {
  const response = await fetch(`${url}/auth/simple/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'unleash4all' }),
  });
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  if (!response.ok) throw new Error(`The login of admin answered ${response.status}`);
  return cookies.join('; ');
}

export function rollout(flag: string, percentage: number): Record<string, string> {
  return { rollout: String(percentage), stickiness: 'default', groupId: flag };
}

/**
 * Makes a project and a few hundred events of more than twenty types in it: some 13 for each flag.
 * Flags are named `<prefix>-<n>`; two flags share no change, so each flag's own history is complete.
 */
export async function seedHistory(
  unleash: RealUnleash,
  { project, prefix, flags }: { project: string; prefix: string; flags: number },
): Promise<void> {
  await control(unleash).createProject({ id: project });
  const admin = createUnleashAdmin(unleash, project);
  const names = Array.from({ length: flags }, (_, index) => `${prefix}-${index}`);
  await inParallel(4, names, (flag, index) => liveOneLife(admin, flag, index));
  await admin.createToken(`${prefix}-token`);
  const segment = await admin.createSegment(`${prefix}-segment`);
  await admin.deleteSegment(segment.id);
}

async function liveOneLife(admin: UnleashAdmin, flag: string, index: number): Promise<void> {
  await admin.createFlag(flag, { description: `Flag ${index}` });
  await admin.tag(flag, `team-${index % 3}`);
  const strategy = await admin.addStrategy(flag, 'development', rollout(flag, 10));
  await admin.updateStrategy(flag, 'development', strategy, rollout(flag, 50));
  await admin.toggle(flag, 'development', 'on');
  await admin.toggle(flag, 'production', 'on');
  await admin.updateFlag(flag, { type: 'experiment', description: 'Described again' });
  await admin.toggle(flag, 'development', 'off');
  await oneOf(index, [
    async () => {
      await admin.favorite(flag);
      await admin.unfavorite(flag);
    },
    async () => {
      await admin.createFlag(`${flag}-parent`);
      await admin.dependOn(flag, `${flag}-parent`);
      await admin.dropDependencies(flag);
    },
    async () => {
      await admin.complete(flag);
      await admin.uncomplete(flag);
      await admin.addLink(flag, 'https://tickets.example.com/1');
    },
    async () => {
      await admin.untag(flag, `team-${index % 3}`);
      await admin.removeStrategy(flag, 'development', strategy);
    },
  ]);
  await admin.setStale(flag, true);
  await admin.archive(flag);
  if (index % 2 === 0) await admin.revive(flag);
  else await admin.deleteArchived(flag);
}

async function oneOf(index: number, branches: (() => Promise<void>)[]): Promise<void> {
  await branches[index % branches.length]?.();
}

async function inParallel<T>(limit: number, items: T[], run: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) await run(item, index);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** What only the child process can do for a test. */
export function control({ controlUrl }: RealUnleash): ControlCommands {
  const command = async (name: string, input: unknown) => {
    const response = await fetch(`${controlUrl}/${name}`, { method: 'POST', body: JSON.stringify(input) });
    if (!response.ok) throw new Error(`${name} failed: ${await response.text()}`);
    return response.json();
  };
  return {
    createProject: async (project) => (await command('createProject', project)) as null,
    insertEvents: async (events) => (await command('insertEvents', events)) as number[],
  };
}

/** One answer of the search endpoint, in the server's own words. */
export async function searchEvents(
  unleash: Pick<RealUnleash, 'url' | 'adminToken'>,
  params: Record<string, string> = {},
): Promise<{ events: UnleashEvent[]; total: number }> {
  const response = await fetch(`${unleash.url}/api/admin/search/events?${new URLSearchParams(params)}`, {
    headers: { authorization: unleash.adminToken },
  });
  if (!response.ok) throw new Error(`search/events answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as { events: UnleashEvent[]; total: number };
}

/** Every matching event in the order of the server itself: the truth a gateway's walk is compared with. */
export async function listAllEvents(
  unleash: Pick<RealUnleash, 'url' | 'adminToken'>,
  params: Record<string, string> = {},
): Promise<UnleashEvent[]> {
  const all: UnleashEvent[] = [];
  while (true) {
    const { events, total } = await searchEvents(unleash, { ...params, limit: '1000', offset: String(all.length) });
    all.push(...events);
    if (events.length === 0 || all.length >= total) return all;
  }
}
