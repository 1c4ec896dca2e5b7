/** Callers who walk over one remembered history see what each may see, whoever was there before. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Options,
  pages,
  type SeenEvent,
  startAccessGateway,
  type TestCaller,
  walk,
} from '../support/access-gateway.ts';

const FILTERS: readonly [filter: Record<string, unknown>, passes: (event: SeenEvent) => boolean][] = [
  [{}, () => true],
  [{ projects: ['web-shop', 'growth'] }, ({ project }) => ['web-shop', 'growth'].includes(project?.key ?? '')],
  [{ environments: ['production'] }, ({ environment }) => environment?.key === 'production'],
  [{ vendors: ['UNLEASH'] }, ({ source }) => source.name === 'unleash'],
  [
    { projects: ['payments'], environments: ['production', 'staging'] },
    ({ environment, project }) => project?.key === 'payments' && /^(production|staging)$/.test(environment?.key ?? ''),
  ],
];

const someWalk = fc.record({
  caller: fc.constantFrom('admin', 'shop', 'payments', 'mixed', 'stranger'),
  filter: fc.nat(FILTERS.length - 1),
  size: fc.integer({ min: 3, max: 100 }),
  way: fc.constantFrom('older' as const, 'newer' as const),
});

const KINDS: readonly [name: string, options: Options][] = [
  ['today’s servers', {}],
  ['an Unleash that cannot search for environments', { unleashVersion: '6.3.0' }],
  ['LaunchDarkly’s audit log', { eventsApi: 'auditlog' }],
];

describe.for(KINDS)('two callers over one history, with %s', ([, options]) => {
  it('each see all that they may see and nothing else, page by page in turns', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(someWalk, someWalk), { minLength: 1, maxLength: 3 }), async (rounds) => {
        await using gateway = await startAccessGateway({ historyCacheMb: 16, pageCacheMs: 2_000, ...options });
        const admin = gateway.callers.admin as TestCaller;
        const everything = await walk(gateway, admin, { size: 100 });
        for (const round of rounds) {
          const walkers = round.map(({ caller: name, filter: index, size, way }) => {
            const caller = gateway.callers[name] as TestCaller;
            const [filter, passes] = FILTERS[index] ?? [{}, () => true];
            const wanted = everything.filter((event) => caller.sees(event) && passes(event)).map(({ id }) => id);
            return { steps: pages(gateway, caller, { filter, size, way }), seen: [] as string[], wanted, way };
          });
          for (let open = walkers; open.length > 0; ) {
            const still: typeof walkers = [];
            for (const walker of open) {
              const step = await walker.steps.next();
              if (step.done) continue;
              const ids = step.value.nodes.map(({ id }) => id);
              walker.seen = walker.way === 'older' ? [...walker.seen, ...ids] : [...ids, ...walker.seen];
              still.push(walker);
            }
            open = still;
          }
          for (const { seen, wanted } of walkers) expect(seen).toEqual(wanted);
        }
      }),
      { numRuns: 4 },
    );
  });
});
