import { describe, expect, inject, it } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { createFlagEvent } from '../support/flag-event.ts';
import { startGateway } from '../support/gateway.ts';
import { startBoth } from '../support/sandboxes.ts';
import { control } from '../support/unleash-admin.ts';

interface Source {
  id: string;
  name: string;
  status: string;
  projects: { key: string; environments: { key: string }[] | null }[] | null;
}
interface Sources {
  flagSources: Source[];
}

const LISTS = '{ flagSources { name projects { key environments { key } } } }';
const NO_LIMIT = { global: Number.MAX_SAFE_INTEGER, route: Number.MAX_SAFE_INTEGER };
const ALL_PROJECTS = 'launchdarkly projects limit=100 expand=environments filter=keys:web-shop|mobile-app|payments';

describe('FlagSource', () => {
  it('is found again by its id, like everything that has one', async () => {
    await using both = await startBoth();
    const { data } = await both.gateway.query<Sources>('{ flagSources { id name } }');
    const ids = data?.flagSources.map(({ id }) => id);
    const again = await both.gateway.query(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on FlagSource { name } } }',
      {
        ids,
      },
    );
    expect(again).toEqual({ data: { nodes: data?.flagSources } });
    const unknown = Buffer.from('FlagSource:unheard').toString('base64');
    expect(await both.gateway.query(`{ node(id: "${unknown}") { id } }`)).toEqual({ data: { node: null } });
    expect(both.takeCalls()).toEqual([]);
  });

  it('says whether the vendor answers, and asks nobody for it', async () => {
    await using both = await startBoth();
    const states = async () => {
      const { data } = await both.gateway.query<Sources>('{ flagSources { name status } }');
      return data?.flagSources.map(({ status }) => status);
    };
    expect(await states()).toEqual(['OK', 'OK']);
    using _outage = both.unleash.faults.always({ kind: 'html', status: 502 });
    await both.gateway.query('{ flagEvents(first: 1) { nodes { id } } }');
    both.takeCalls();
    expect(await states()).toEqual(['OK', 'FAILED']);
    expect(both.takeCalls()).toEqual([]);
  });
});

describe('FlagSource.projects', () => {
  it('lists what there is to filter by, in as few calls as there are lists', async () => {
    await using both = await startBoth();
    const { data, errors } = await both.gateway.query<Sources>(LISTS);
    expect(errors).toBeUndefined();
    const [first, second] = data?.flagSources ?? [];
    expect(first?.projects).toEqual(
      both.launchDarkly.projects.map(({ environments, key }) => ({
        key,
        environments: environments.map((each) => ({ key: each })),
      })),
    );
    expect(second?.projects?.map(({ key }) => key).toSorted()).toEqual(
      both.launchDarkly.projects.map(({ key }) => key).toSorted(),
    );
    const [project] = second?.projects ?? [];
    expect(project?.environments?.map(({ key }) => key)).toContain('production');
    expect(both.takeCalls()).toEqual([ALL_PROJECTS, 'unleash environments', 'unleash projects']);
  });

  it('costs no call for environments that nobody selects, and none at all the second time', async () => {
    await using both = await startBoth();
    await both.gateway.query('{ flagSources { projects { key } } }');
    expect(both.takeCalls()).toEqual([ALL_PROJECTS, 'unleash projects']);
    await both.gateway.query(LISTS);
    expect(both.takeCalls()).toEqual(['unleash environments']);
    await both.gateway.query(LISTS);
    expect(both.takeCalls()).toEqual([]);
  });

  it('serves the projects of a page of events from the same lists, asked for once', async () => {
    await using both = await startBoth();
    const { data } = await both.gateway.query<{ flagEvents: { nodes: { project: { environments: object[] } }[] } }>(
      '{ flagEvents(first: 50, filter: { vendors: [LAUNCHDARKLY] }) { nodes { project { environments { key } } } } }',
    );
    expect(data?.flagEvents.nodes.every(({ project }) => project.environments.length > 0)).toBe(true);
    expect(both.takeCalls().filter((call) => !call.includes('/'))).toEqual([ALL_PROJECTS]);
  });

  it('is null with a coded error where the vendor does not answer; the other’s are there', async () => {
    await using both = await startBoth();
    using _outage = both.unleash.faults.always({ kind: 'html', status: 502 });
    const { data, errors } = await both.gateway.query<Sources>(LISTS);
    expect(data?.flagSources.map(({ projects }) => projects?.length ?? null)).toEqual([3, null]);
    expect(errors).toMatchObject([
      { path: ['flagSources', 1, 'projects'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
  });
});

describe('the projects of LaunchDarkly', () => {
  const environments = {
    web: Array.from({ length: 130 }, (_, index) => `env-${index}`),
    mobile: ['production', 'staging'],
    internal: ['production'],
  };
  const start = () => startLaunchDarklySandbox({ events: [createFlagEvent(1, 1)], environments, rateLimit: NO_LIMIT });
  const entry = (sandbox: Awaited<ReturnType<typeof start>>, projects: string[]) =>
    ({ vendor: 'launchdarkly', url: sandbox.url, accessToken: sandbox.token, projects }) as const;

  it('are those that are configured, with the environments that are read', async () => {
    await using sandbox = await start();
    await using gateway = await startGateway([
      entry(sandbox, ['mobile/staging', 'mobile/gone', 'gone/*', 'internal/*']),
    ]);
    const { data, errors } = await gateway.query<Sources>(LISTS);
    expect(errors).toBeUndefined();
    expect(data?.flagSources[0]?.projects).toEqual([
      { key: 'mobile', environments: [{ key: 'staging' }] },
      { key: 'internal', environments: [{ key: 'production' }] },
    ]);
  });

  it('have all of their environments, however many pages these take', async () => {
    await using sandbox = await start();
    await using gateway = await startGateway([entry(sandbox, ['web/*'])]);
    const { data } = await gateway.query<Sources>(LISTS);
    expect(data?.flagSources[0]?.projects?.[0]?.environments?.map(({ key }) => key)).toEqual(environments.web);
    expect(sandbox.requests.map(({ path, query }) => [path.split('/').at(-1), query.offset])).toEqual([
      ['projects', '0'],
      ['environments', '20'],
      ['environments', '120'],
    ]);
  });

  it('are read page by page, and let no key of theirs out of the gateway', async () => {
    const many = Object.fromEntries(Array.from({ length: 230 }, (_, index) => [`project-${index}`, ['production']]));
    await using sandbox = await startLaunchDarklySandbox({ events: [], environments: many, rateLimit: NO_LIMIT });
    await using gateway = await startGateway([
      entry(
        sandbox,
        Object.keys(many).map((key) => `${key}/*`),
      ),
    ]);
    const answer = await gateway.query<Sources>(LISTS);
    expect(answer.data?.flagSources[0]?.projects?.map(({ key }) => key)).toEqual(Object.keys(many));
    expect(sandbox.requests.map(({ query }) => [query.offset, query.filter])).toEqual([
      ['0', undefined],
      ['100', undefined],
      ['200', undefined],
    ]);
    expect(JSON.stringify(answer)).not.toMatch(/sdk-|mob-/);
  });
});

describe('the projects of Unleash', () => {
  it('are those that are configured, without asking which there are', async () => {
    await using sandbox = await startUnleashSandbox();
    await using gateway = await startGateway([
      { vendor: 'unleash', url: sandbox.url, apiToken: sandbox.token, projects: ['payments', 'elsewhere'] },
    ]);
    const { data } = await gateway.query<Sources>('{ flagSources { projects { key } } }');
    expect(data?.flagSources[0]?.projects).toEqual([{ key: 'payments' }, { key: 'elsewhere' }]);
    expect(sandbox.requests).toEqual([]);
  });

  it('have no environments, rather than none, where the token may not see them', async () => {
    await using sandbox = await startUnleashSandbox();
    await using gateway = await startGateway([{ vendor: 'unleash', url: sandbox.url, apiToken: sandbox.token }]);
    using _refusal = sandbox.faults.when(({ path }) => path.endsWith('/environments'), { kind: 'status', status: 403 });
    const { data, errors } = await gateway.query<Sources>(LISTS);
    expect(errors).toBeUndefined();
    expect(data?.flagSources[0]?.projects?.every(({ environments }) => environments === null)).toBe(true);
  });

  it('come from a real Unleash as it names them', async () => {
    const unleash = inject('unleash');
    await control(unleash).createProject({ id: 'gateway-projects' });
    const entry = { vendor: 'unleash', url: unleash.url, apiToken: unleash.adminToken } as const;
    await using all = await startGateway([entry]);
    await using one = await startGateway([{ ...entry, projects: ['gateway-projects'] }]);
    const [listed, configured] = await Promise.all([all.query<Sources>(LISTS), one.query<Sources>(LISTS)]);
    expect([listed.errors, configured.errors]).toEqual([undefined, undefined]);
    const environments = [{ key: 'development' }, { key: 'production' }];
    expect(listed.data?.flagSources[0]?.projects).toEqual([{ key: 'default', environments }]);
    expect(configured.data?.flagSources[0]?.projects).toEqual([{ key: 'gateway-projects', environments }]);
  });
});
