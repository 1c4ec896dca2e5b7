import type { Fault, LaunchDarklySandbox, SandboxRequest } from '../../src/sources/launchdarkly/sandbox.ts';
import type { UnleashFault, UnleashSandbox } from '../../src/sources/unleash/sandbox.ts';
import { LAUNCHDARKLY_FAULTS, UNLEASH_FAULTS } from '../support/call-faults.ts';
import type { Call, Tampering, TamperingProxy } from '../support/tampering-proxy.ts';
import type { Dice } from './dice.ts';
import { createLateEvent } from './history.ts';

/** Upstreams, each with a proxy before it, that are to be spoilt. */
export interface Scene {
  launchDarkly: LaunchDarklySandbox;
  unleash: UnleashSandbox;
  /** Not sure of the order inside a millisecond. */
  oldUnleash: UnleashSandbox;
  proxies: { launchDarkly: TamperingProxy; unleash: TamperingProxy; oldUnleash: TamperingProxy };
  /** What comes in during a walk is older than this. */
  newest: number;
  /** How many events have come in. */
  insertions: number;
}

export interface Weather {
  /** Before a page: ends what was to befall one page only, and what has gone on for long enough. */
  turn(): void;
  /** Before the gateway is started again: something that goes on while it finds out what there is. */
  turnForStart(): void;
  clear(): void;
  /** What there is. */
  now(): string[];
  /** How often there was what. */
  tally(): Readonly<Record<string, number>>;
}

export interface WeatherOptions {
  scene: Scene;
  dice: Dice;
  /** Of a page: that something befalls single calls. */
  squallChance: number;
  /** Of a page: that something begins that goes on. */
  spellChance: number;
}

export function createWeather({ dice, scene, spellChance, squallChance }: WeatherOptions): Weather {
  const counts: Record<string, number> = {};
  let squall: Begun[] = [];
  let lasting: (Begun & { pages: number })[] = [];

  function begin(harms: Harms): Begun {
    const [name, harm] = dice.pick(Object.entries(harms));
    counts[name] = (counts[name] ?? 0) + 1;
    return { name, harm: harm(scene, dice) };
  }

  function last(harms: Harms): void {
    lasting.push({ ...begin(harms), pages: 2 + dice.below(8) });
  }

  function end(ended: readonly Begun[]): void {
    for (const { harm } of ended) harm[Symbol.dispose]();
  }

  return {
    turn() {
      end(squall);
      for (const each of lasting) each.pages -= 1;
      end(lasting.filter(({ pages }) => pages <= 0));
      lasting = lasting.filter(({ pages }) => pages > 0);
      const count = dice.isLucky(squallChance) ? 1 + dice.below(3) : 0;
      squall = Array.from({ length: count }, () => begin(SQUALLS));
      if (dice.isLucky(spellChance)) last({ ...SPELLS, ...SPELLS_AT_START });
    },
    turnForStart: () => last(SPELLS_AT_START),
    clear() {
      end([...squall, ...lasting]);
      [squall, lasting] = [[], []];
    },
    now: () => [...squall, ...lasting].map(({ name }) => name),
    tally: () => counts,
  };
}

interface Begun {
  name: string;
  harm: Disposable;
}

/** Does harm until it is disposed of. */
type Harm = (scene: Scene, dice: Dice) => Disposable;
type Harms = Readonly<Record<string, Harm>>;

/** What may befall up to four single calls. None of it takes events away for good. */
const SQUALLS: Harms = {
  ...Object.fromEntries(
    [...LAUNCHDARKLY_FAULTS, { type: 'links-null' } as const].map((fault) => [
      `LaunchDarkly ${JSON.stringify(fault)}`,
      once(fault),
    ]),
  ),
  ...Object.fromEntries(UNLEASH_FAULTS.map((fault) => [`Unleash ${JSON.stringify(fault)}`, onceOfUnleash(fault)])),
  'LaunchDarkly lists ties in another sequence at every call': ({ launchDarkly }, dice) =>
    together(
      Array.from({ length: 8 }, () =>
        befall(launchDarkly, { type: 'ties-reordered', salt: String(dice.below(1e9)) }, { times: 1 }),
      ),
    ),
  'an Unleash without a certain order has another': ({ oldUnleash }) =>
    oldUnleash.faults.always({ kind: 'shuffled-ties' }),
  'fewer rows than asked for': (scene, dice) =>
    someCalls(proxyOf(scene, dice), dice, { ask: limitTo((limit) => 1 + dice.below(limit)) }),
  'LaunchDarkly without a count': ({ proxies }, dice) => someCalls(proxies.launchDarkly, dice, UNCOUNTED),
  'no connection': (scene, dice) => someCalls(proxyOf(scene, dice), dice, { answer: () => 'refused' }),
  'no answer': (scene, dice) => someCalls(proxyOf(scene, dice), dice, { answer: () => 'nothing' }, 1),
  '504': (scene, dice) => someCalls(proxyOf(scene, dice), dice, { answer: () => ({ status: 504 }) }),
  'a slow answer': (scene, dice) => someCalls(proxyOf(scene, dice), dice, { delayMs: () => 100 + dice.below(700) }),
};

/** What goes on for some pages. */
const SPELLS: Harms = {
  'half of the environments answer 504': ({ proxies }, dice) => {
    const half = dice.pick([
      ['production', 'preview'],
      ['staging', 'preview'],
    ]);
    return proxies.launchDarkly.also({
      answer: ({ query }) => (half.includes(query.get('environmentKey') ?? '') ? { status: 504 } : undefined),
    });
  },
  'an environment never answers': ({ proxies }, dice) => {
    const environment = dice.pick(['production', 'staging', 'preview']);
    return proxies.launchDarkly.also({
      answer: ({ query }) => (query.get('environmentKey') === environment ? 'nothing' : undefined),
    });
  },
  'a source is slow': (scene, dice) => proxyOf(scene, dice).also({ delayMs: () => 200 + dice.below(400) }),
  'events come in': (scene, dice) => {
    for (let count = 10 + dice.below(30); count > 0; count -= 1) {
      scene.insertions += 1;
      const { rep, row } = createLateEvent(10_000_000 + scene.insertions, scene.newest, dice);
      scene.launchDarkly.insert(rep);
      dice.pick([scene.unleash, scene.oldUnleash]).insert(row);
    }
    return together([]);
  },
};

/** What also has to be lived through by a gateway that does not know yet what there is. */
const SPELLS_AT_START: Harms = {
  'environments cannot be listed': ({ proxies }, dice) =>
    proxies.launchDarkly.also({
      answer: ({ path }) => (isListing(path) ? { status: dice.pick([403, 500, 502]) } : undefined),
    }),
  'environments are listed one by one, without a count': ({ proxies }) =>
    proxies.launchDarkly.also(onlyWhere(isListing, { ask: limitTo(() => 1), ...UNCOUNTED })),
  'a project refuses': ({ launchDarkly }, dice) => {
    const project = dice.pick(['web', 'mobile']);
    const body = { code: 'not_found', message: 'Invalid resource identifier' };
    const isAbout = ({ path, query }: SandboxRequest) =>
      query.projectKey === project || path.includes(`/projects/${project}/`);
    return befall(launchDarkly, { type: 'answer', status: dice.pick([403, 404]), body }, { when: isAbout });
  },
  'a source never answers': (scene, dice) => proxyOf(scene, dice).also({ answer: () => 'nothing' }),
  'a source is down': (scene, dice) =>
    proxyOf(scene, dice).also({ answer: () => ({ status: dice.pick([502, 503, 504]) }) }),
  'an Unleash is not where it was': ({ proxies }, dice) =>
    dice.pick([proxies.unleash, proxies.oldUnleash]).also({ answer: () => ({ status: 404 }) }),
};

const UNCOUNTED: Tampering = { body: ({ totalCount: _total, ...page }) => page };

/** Rows that nobody can read at any call, by their ids. */
export interface Unreadable {
  launchDarkly: readonly string[];
  unleash: readonly number[];
  oldUnleash: readonly number[];
}

export function spoilForGood({ oldUnleash, proxies, unleash }: Scene, unreadable: Unreadable): void {
  const ids = new Set<unknown>(unreadable.launchDarkly);
  proxies.launchDarkly.also({
    rows: (rows) => rows.map((row) => (ids.has(row.id) ? { ...row, eventTime: 'soon' } : row)),
  });
  for (const [index, id] of unreadable.unleash.entries()) unleash.faults.always(spoiling(index, id));
  for (const [index, id] of unreadable.oldUnleash.entries()) oldUnleash.faults.always(spoiling(index, id));
}

function spoiling(index: number, id: number): UnleashFault {
  return index % 3 === 0 ? { kind: 'poison', id } : { kind: 'wrong-types', id };
}

function isListing(path: string): boolean {
  return path.endsWith('/environments');
}

function once(fault: Fault): Harm {
  return ({ launchDarkly }, dice) => befall(launchDarkly, fault, { times: 1 + dice.below(4) });
}

function onceOfUnleash(fault: UnleashFault): Harm {
  // A 500 that stays is one bad event's, and that event is left out.
  const most = fault.kind === 'status' && fault.status === 500 ? 2 : 4;
  return ({ oldUnleash, unleash }, dice) => dice.pick([unleash, oldUnleash]).faults.next(1 + dice.below(most), fault);
}

function befall(
  sandbox: LaunchDarklySandbox,
  fault: Fault,
  options: { times?: number; when?: (request: SandboxRequest) => boolean },
): Disposable {
  return { [Symbol.dispose]: sandbox.faults.add(fault, options) };
}

function together(harms: readonly Disposable[]): Disposable {
  return {
    [Symbol.dispose]() {
      for (const harm of harms) harm[Symbol.dispose]();
    },
  };
}

function proxyOf({ proxies }: Scene, dice: Dice): TamperingProxy {
  return dice.pick([proxies.launchDarkly, proxies.unleash, proxies.oldUnleash]);
}

/** The next few calls for events. */
function someCalls(proxy: TamperingProxy, dice: Dice, tampering: Tampering, most = 4): Disposable {
  const chosen = new Set<number>();
  const count = 1 + dice.below(most);
  const isChosen = (path: string, { index }: Call) => {
    if (path.endsWith('events') && chosen.size < count) chosen.add(index);
    return chosen.has(index);
  };
  return proxy.also(onlyWhere(isChosen, tampering));
}

function onlyWhere(
  isMeant: (path: string, call: Call) => boolean,
  { answer, ask, body, delayMs }: Tampering,
): Tampering {
  const isIt = (call: Call) => isMeant(call.path, call);
  return {
    ...(ask && { ask: (call) => void (isIt(call) && ask(call)) }),
    ...(answer && { answer: (call) => (isIt(call) ? answer(call) : undefined) }),
    ...(delayMs && { delayMs: (call) => (isIt(call) ? delayMs(call) : 0) }),
    ...(body && { body: (whole, call) => (isIt(call) ? body(whole, call) : whole) }),
  };
}

function limitTo(change: (limit: number) => number): NonNullable<Tampering['ask']> {
  return ({ query }) => {
    if (query.has('limit')) query.set('limit', String(change(Number(query.get('limit')))));
  };
}
