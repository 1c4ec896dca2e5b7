import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../src/', import.meta.url));

interface Import {
  /** A file, with its path below `src/`. */
  from: string;
  /** Another such file, or the name of a package. */
  to: string;
  /** Gone once the types are stripped. */
  isType: boolean;
}

const files = globSync('**/*.ts', { cwd: root })
  .map((file) => file.replaceAll(path.sep, '/'))
  .toSorted();
const sources = new Map(files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
const imports = files.flatMap(importsOf);
const vendors = [...new Set(files.flatMap((file) => /^sources\/([^/]+)\/index\.ts$/.exec(file)?.[1] ?? []))];

/** What the files in these folders, or with these names, import from elsewhere. */
function importedBy(...places: string[]): string[] {
  const isIn = (file: string) => places.some((place) => file === place || file.startsWith(place));
  return [...new Set(imports.filter(({ from, to }) => isIn(from) && !isIn(to)).map(({ to }) => to))].toSorted();
}

function violations(isForbidden: (one: Import) => boolean): string[] {
  return imports.filter(isForbidden).map(({ from, to }) => `${from} imports ${to}`);
}

describe('the imports', () => {
  it('are all read: each names a file that is there or a package', () => {
    const isThere = ({ to }: Import) => (to.endsWith('.ts') ? sources.has(to) : /^(node:|@?[a-z])/.test(to));
    expect(violations((one) => !isThere(one))).toEqual([]);
    const words = [...sources.values()].flatMap(
      (text) => withoutComments(text).match(/\bfrom '|^import '|\bimport\(/gm) ?? [],
    );
    // One is the configuration file's, whose name is only known at run time.
    expect(imports).toHaveLength(words.length - 1);
  });

  it('of timeline/ are the model, the errors and what arithmetic on cursors needs', () => {
    const allowed = ['model.ts', 'errors.ts', 'zod', 'node:crypto'];
    expect(importedBy('timeline/').filter((to) => !allowed.includes(to))).toEqual([]);
  });

  it('of the page are its own files and its own packages', () => {
    const folder = fileURLToPath(new URL('../page/', import.meta.url));
    const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const places = globSync('src/**/*.{ts,tsx}', { cwd: folder }).flatMap((file) => {
      const text = readFileSync(path.join(folder, file), 'utf8');
      const runtime = text.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';/gm);
      return [...runtime].map(([, to = '']) => (to.startsWith('.') ? path.join(path.dirname(file), to) : to));
    });
    expect(places.length).toBeGreaterThan(50);
    const isOwn = (to: string) =>
      to.startsWith('src/') || Object.keys(dependencies).some((name) => to === name || to.startsWith(`${name}/`));
    expect([...new Set(places.filter((to) => !isOwn(to)))]).toEqual([]);
  });

  it('of model.ts are none', () => {
    expect(importedBy('model.ts')).toEqual([]);
  });

  it('of http/ are the model, the errors, what replicas share, and packages', () => {
    const isOutside = (to: string) => to.endsWith('.ts') && !/^(model|errors)\.ts$|^store\//.test(to);
    expect(importedBy('http/').filter(isOutside)).toEqual([]);
  });

  it('of graph/ reach neither http/ nor a vendor', () => {
    expect(importedBy('graph/').filter((to) => /^(http\/|sources\/[^/]+\/)/.test(to))).toEqual([]);
  });

  it('of live/ reach neither the graph nor the edge, and nobody but who puts the gateway together reaches live/', () => {
    expect(importedBy('live/').filter((to) => /^(graph|edge|http|settings|process|sources\/[^/]+\/)/.test(to))).toEqual(
      [],
    );
    const isOutside = ({ from, to }: Import) => to.startsWith('live/') && !from.startsWith('live/');
    expect(violations((one) => isOutside(one) && !['main.ts', 'gateway.ts'].includes(one.from))).toEqual([]);
  });

  it('of what counts and traces stay in observe/', () => {
    const outside = ({ from, to }: Import) =>
      /^(prom-client|@opentelemetry\/)/.test(to) && !from.startsWith('observe/');
    expect(violations(outside)).toEqual([]);
    expect(
      importedBy('observe/').filter((to) => /^(edge|graph|live|process|settings|sources\/[^/]+\/)/.test(to)),
    ).toEqual([]);
  });

  it.for(vendors)('name the folder of a vendor only inside of it and in the list of vendors: %s', (vendor) => {
    const folder = `sources/${vendor}/`;
    const isAllowed = (file: string) => file.startsWith(folder) || file === 'sources/index.ts';
    expect(violations(({ from, to }) => to.startsWith(folder) && !isAllowed(from))).toEqual([]);
  });

  it('of a sandbox reach nothing of the gateway that it stands opposite to', () => {
    const foreign = ({ from, to }: Import) =>
      /^sources\/[^/]+\/sandbox[./]/.test(from) &&
      !/^(node:|model\.ts$|sources\/(story\.ts$|[^/]+\/sandbox\/))/.test(to);
    expect(violations(foreign)).toEqual([]);
  });

  it('never name main.ts', () => {
    expect(violations(({ to }) => to === 'main.ts')).toEqual([]);
  });

  it('make no circles, types included', () => {
    expect(circles(imports)).toEqual([]);
  });
});

describe('the files', () => {
  it('but main.ts do not read the environment of the process', () => {
    expect(filesWith(/process\.env|process\[|import\.meta\.env|'(node:)?process'/)).toEqual(['main.ts']);
  });

  it('outside of the vendors’ folders tell no vendor from another', () => {
    const tellers = filesWith(/(['"`])(launch-?darkly|unleash)\1/i).filter((file) => !/^sources\/[^/]+\//.test(file));
    // The story says what happened where; the queries that GraphiQL opens with are examples.
    expect(tellers.filter((file) => !['sources/story.ts', 'edge/pages/graphiql.ts'].includes(file))).toEqual([]);
  });

  it('hold no console, no debugger and nothing left for later', () => {
    expect(filesWith(/\bconsole\.|\bdebugger\b/)).toEqual([]);
    expect(files.filter((file) => /\b(TODO|FIXME|XXX)\b/.test(sources.get(file) ?? ''))).toEqual([]);
  });
});

function importsOf(from: string): Import[] {
  const text = withoutComments(sources.get(from) ?? '');
  const statements = text.matchAll(/^(?:import|export)\s(?<type>type\s)?[^;'"=()]*?\bfrom '(?<to>[^']+)'/gm);
  const others = text.matchAll(/^import '(?<to>[^']+)'|\bimport\('(?<to>[^']+)'\)/gm);
  return [...statements, ...others].map(({ groups = {} }) => {
    const { to = '', type } = groups;
    return { from, to: to.startsWith('.') ? path.posix.join(path.posix.dirname(from), to) : to, isType: Boolean(type) };
  });
}

function filesWith(pattern: RegExp): string[] {
  return files.filter((file) => pattern.test(withoutComments(sources.get(file) ?? '')));
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** Every file that leads back to itself, with the way it takes. */
function circles(edges: readonly Import[]): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (way.includes(file) || done.has(file)) return;
    for (const { to } of edges.filter(({ from }) => from === file)) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
