import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { PAGE, printProperties } from '../docs/print-properties.ts';
import { type Section, sections } from '../docs/properties.ts';
import { createSchema } from '../src/graph/schema.ts';
import { definitions } from '../src/sources/index.ts';
import { startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { toKind } from '../src/sources/unleash/kinds.ts';

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface OpenApi {
  paths: Record<string, Record<string, { parameters?: { name: string }[]; responses: Record<string, Answer> }>>;
  components: { schemas: Record<string, Schema> };
}
interface Answer {
  $ref?: string;
  content?: Record<string, { schema: Schema }>;
}

const read = (file: string) => JSON.parse(readFileSync(new URL(`sources/${file}`, import.meta.url), 'utf8'));
const launchDarkly: OpenApi = read('launchdarkly/flag-events.openapi.json');
/** Names only, from Unleash's documentation. */
const published: Record<'answer' | 'event' | 'tag' | 'parameters' | 'types', string[]> = read('unleash/published.json');
const unleash = inject('unleash');
let served: OpenApi;
beforeAll(async () => {
  served = (await (await fetch(`${unleash.url}/docs/openapi.json`)).json()) as OpenApi;
});

const FLAG_EVENTS = '/api/v2/engineering-insights/flag-events';
const SEARCH = '/api/admin/search/events';
const EVENTS = '/api/admin/events';
const named = (section: keyof typeof sections) => Object.keys(sections[section].rows).toSorted();

describe('the table of properties', () => {
  it('has every property of LaunchDarkly’s answer, and no other', () => {
    const all = propertiesOf(launchDarkly, answerOf(launchDarkly, FLAG_EVENTS));
    expect(all.filter((name) => !name.includes('.')).toSorted()).toEqual(named('launchDarklyPage'));
    expect(below('items', all)).toEqual(named('launchDarklyEvent'));
  });

  it('has every property of LaunchDarkly’s errors, and no other', () => {
    const { Error: error, ValidationFailedError: invalid } = launchDarkly.components.schemas;
    const all = [error, invalid].flatMap((schema) => Object.keys(schema?.properties ?? {}));
    expect([...new Set(all)].toSorted()).toEqual(named('launchDarklyError'));
  });

  it('has every parameter of LaunchDarkly’s call, and no other', () => {
    expect(parametersOf(launchDarkly, FLAG_EVENTS)).toEqual(named('launchDarklyParameters'));
  });

  it('has every property of Unleash’s answers, as a server of the newest version describes them, and no other', () => {
    const all = [SEARCH, EVENTS].flatMap((path) => propertiesOf(served, answerOf(served, path)));
    const whole = [...new Set(all)];
    expect(whole.filter((name) => !name.includes('.')).toSorted()).toEqual(named('unleashPage'));
    expect(below('events', whole)).toEqual(named('unleashEvent'));
  });

  it('has every parameter of Unleash’s calls, and no other', () => {
    const all = [SEARCH, EVENTS].flatMap((path) => parametersOf(served, path));
    expect([...new Set(all)].toSorted()).toEqual(named('unleashParameters'));
  });

  it('has what Unleash’s documentation names', () => {
    expect(named('unleashPage')).toEqual(expect.arrayContaining(published.answer));
    expect(named('unleashEvent')).toEqual(expect.arrayContaining(published.event));
    expect(named('unleashEvent')).toEqual(expect.arrayContaining(published.tag.map((name) => `tags.${name}`)));
    expect(named('unleashParameters')).toEqual(expect.arrayContaining(published.parameters));
  });

  it('has whatever a real Unleash answers', async () => {
    const headers = { authorization: unleash.adminToken };
    // Not of the type that other tests make this server fail on.
    const types = 'type=IS_ANY_OF:feature-created,feature-tagged,feature-environment-enabled,api-token-created';
    const { events } = (await (await fetch(`${unleash.url}${SEARCH}?limit=1000&${types}`, { headers })).json()) as {
      events: Record<string, unknown>[];
    };
    expect(events.length).toBeGreaterThan(0);
    expect(named('unleashEvent')).toEqual(expect.arrayContaining([...new Set(events.flatMap(Object.keys))]));
  });

  it('has whatever LaunchDarkly’s sandbox answers', async () => {
    await using sandbox = await startLaunchDarklySandbox();
    const query = `projectKey=${sandbox.projects[0]?.key}&environmentKey=production&from=1&limit=100&expand=experiments`;
    const headers = { authorization: sandbox.token, 'ld-api-version': 'beta' };
    const { items } = (await (await fetch(`${sandbox.url}${FLAG_EVENTS}?${query}`, { headers })).json()) as {
      items: Record<string, unknown>[];
    };
    expect(items.length).toBeGreaterThan(10);
    expect(named('launchDarklyEvent')).toEqual(expect.arrayContaining([...new Set(items.flatMap(Object.keys))]));
  });

  it('names nothing that is not in the graph', () => {
    const coordinates = new Set(coordinatesIn());
    const all = Object.values<Section>(sections).flatMap(({ rows }) => Object.values(rows));
    const claimed = all.flatMap((place) => ('in' in place ? place.in : []));
    expect(claimed.filter((coordinate) => !coordinates.has(coordinate))).toEqual([]);
  });

  it('gives a reason for everything that is left out', () => {
    const all = Object.values<Section>(sections).flatMap(({ rows }) => Object.values(rows));
    const reasons = all.flatMap((place) => ('leftOut' in place ? place.leftOut : []));
    expect(reasons.length).toBeGreaterThan(5);
    expect(reasons.filter((reason) => !/^[A-Z].{20,}\.$/s.test(reason))).toEqual([]);
  });

  it('is a page of the documentation, fresh: after a change run `npm run docs:properties`', async () => {
    expect(await readFile(PAGE, 'utf8')).toBe(printProperties());
  });
});

describe('every type of event that Unleash has ever named', () => {
  it('has a kind in the common vocabulary, unless it is about nothing that anybody has changed', () => {
    expect(published.types.length).toBeGreaterThan(150);
    expect(published.types.filter((type) => toKind(type) === 'OTHER')).toEqual([
      'application-created',
      'client-metrics',
      'client-register',
      'db-pool-update',
      'user-preference-updated',
    ]);
  });
});

function answerOf(api: OpenApi, path: string): Schema {
  return api.paths[path]?.get?.responses['200']?.content?.['application/json']?.schema ?? {};
}

function parametersOf(api: OpenApi, path: string): string[] {
  return (api.paths[path]?.get?.parameters ?? []).map(({ name }) => name).toSorted();
}

/** With dots, as in the table; lists count as what is in them. */
function propertiesOf(api: OpenApi, schema: Schema, prefix = ''): string[] {
  const { $ref, items, properties } = schema;
  const next = $ref === undefined ? items : api.components.schemas[$ref.split('/').at(-1) ?? ''];
  if (next !== undefined) return propertiesOf(api, next, prefix);
  return Object.entries(properties ?? {}).flatMap(([name, part]) => [
    `${prefix}${name}`,
    // A link is left out as a whole; what is in stored data is the data's own.
    ...(['_links', 'data', 'preData'].includes(name) ? [] : propertiesOf(api, part, `${prefix}${name}.`)),
  ]);
}

function below(name: string, properties: readonly string[]): string[] {
  return properties
    .filter((each) => each.startsWith(`${name}.`))
    .map((each) => each.slice(name.length + 1))
    .toSorted();
}

function coordinatesIn(): string[] {
  return Object.values(createSchema(definitions).getTypeMap()).flatMap((type) => {
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      return Object.keys(type.getFields()).map((field) => `${type.name}.${field}`);
    }
    return isEnumType(type) ? type.getValues().map(({ name }) => `${type.name}.${name}`) : [];
  });
}
