import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { startLaunchDarklySandbox } from '../../src/sources/launchdarkly/sandbox.ts';
import { startUnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { collect, root, run, type Variables } from '../support/gateway-process.ts';

async function called(args: readonly string[], variables: Variables = {}) {
  const child = run(variables, { folder: tmpdir(), args });
  const [output, errors] = [collect(child.stdout), collect(child.stderr)];
  const [code] = await once(child, 'close');
  return { code, output: output(), errors: errors() };
}

describe('npm start --', () => {
  it('--version prints the version', async () => {
    const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
    expect(await called(['--version'])).toEqual({ code: 0, output: `${version}\n`, errors: '' });
  });

  it('--help names every variable of the manual', async () => {
    const manual = await readFile(`${root}docs/configure.md`, 'utf8');
    const variables = [...manual.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name);
    expect(variables.length).toBeGreaterThan(30);
    const { code, errors, output } = await called(['--help']);
    expect([code, errors]).toEqual([0, '']);
    const named = [...output.matchAll(/^ {2}([A-Z_]+) {2,}\S/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual([...new Set(variables)].toSorted());
  });

  it('anything else says what there is, and starts nothing', async () => {
    expect(await called(['--chekc'])).toEqual({
      code: 1,
      output: '',
      errors: "Unknown option '--chekc'. `--help` says which arguments there are.\n",
    });
  });
});

describe('npm start -- --check', () => {
  it('says of every feed that it answers, and ends with 0', async () => {
    await using launchDarkly = await startLaunchDarklySandbox();
    await using unleash = await startUnleashSandbox();
    const { code, errors, output } = await called(['--check'], {
      LAUNCHDARKLY_ACCESS_TOKEN: launchDarkly.token,
      LAUNCHDARKLY_URL: launchDarkly.url,
      LAUNCHDARKLY_PROJECTS: launchDarkly.projects.map(({ key }) => `${key}/*`).join(),
      UNLEASH_API_TOKEN: unleash.token,
      UNLEASH_URL: unleash.url,
    });
    expect([code, errors]).toEqual([0, '']);
    const lines = output.trimEnd().split('\n');
    const feeds = launchDarkly.projects.flatMap(({ environments, key }) =>
      [...environments, '*'].map((environment) => `launchdarkly/${key}/${environment}`),
    );
    expect(lines.map((line) => line.split(/ +|: /)[1]).toSorted()).toEqual([...feeds, 'unleash'].toSorted());
    for (const line of lines) expect(line).toMatch(/^OK {4} {2}\S+: (newest event \d{4}-\S+Z|has no events)/);
  });

  it('says what fails and why, without the token, and ends with 1', async () => {
    await using unleash = await startUnleashSandbox();
    const { code, output } = await called(['--check'], {
      UNLEASH_API_TOKEN: '*:*.canary-token',
      UNLEASH_URL: unleash.url,
      LAUNCHDARKLY_ACCESS_TOKEN: 'api-canary-token',
      LAUNCHDARKLY_URL: 'http://127.0.0.1:1',
      LAUNCHDARKLY_PROJECTS: 'web/production',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^FAILED {2}launchdarkly\/web\/production: .*\(UPSTREAM_UNAVAILABLE, ECONNREFUSED\)$/m);
    expect(output).toMatch(/^FAILED {2}unleash: .*\(UPSTREAM_REJECTED, status 401\)$/m);
    expect(output).not.toContain('canary');
  });

  it('checks settings alone where no account is configured', async () => {
    const { code, output } = await called(['--check']);
    expect([code, output]).toEqual([0, expect.stringMatching(/^The settings can be used\. No account is configured/)]);
    const wrong = await called(['--check'], { PORT: 'many' });
    expect([wrong.code, wrong.output, wrong.errors]).toEqual([1, '', expect.stringContaining('PORT')]);
  });
});
