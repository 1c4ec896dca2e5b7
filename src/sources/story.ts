/**
 * The one story both sandboxes tell: a company moving its flags from LaunchDarkly to Unleash, over thirty days that end
 * now. Each vendor's sandbox renders the changes addressed to it in its own wire format.
 */
import type { FlagEventKind } from '../model.ts';

export interface StoryActor {
  /** Role names, such as "Release Manager": nobody real, nobody invented. */
  firstName: string;
  lastName: string;
  email: string;
}

export interface StoryFlag {
  key: string;
  name: string;
  description: string;
  /** Where the flag ends up; a `MOVED` flag's earlier changes carry the project it came from. */
  project: string;
  tags: { type: string; value: string }[];
}

export interface StoryExperiment {
  key: string;
  name: string;
  flag: string;
  status: 'running' | 'stopped';
  startedAt: number;
  endedAt?: number;
}

export type StoryVendor = 'launchdarkly' | 'unleash';

export interface StoryChange {
  /** Unix milliseconds. Several changes may share one: ties are part of the story. */
  at: number;
  kind: FlagEventKind;
  project: string;
  /** `null`: concerns every environment. */
  environment: string | null;
  /** `null`: a change about no flag (an environment, a token, a member). */
  flag: string | null;
  /** `null`: made by a token or by the system. */
  actor: StoryActor | null;
  /** Whose log holds it; a flag in the middle of its migration is changed in both. */
  vendors: readonly StoryVendor[];
  /** With `MOVED` only: the project the flag came from. */
  movedFrom?: string;
}

export interface Story {
  projects: { key: string; name: string }[];
  environments: string[];
  actors: StoryActor[];
  flags: StoryFlag[];
  experiments: StoryExperiment[];
  /** Newest first. Of two changes in one millisecond, the one that happened later comes first. */
  changes: StoryChange[];
}

/** The same `seed` and `now` give the same story, byte for byte. */
export function createStory({ seed, now }: { seed: number; now: number }): Story {
  const narrator = createNarrator(seed, now);
  for (const project of PROJECTS) {
    narrator.openProject(project);
  }
  const plots = FLAGS.map((plot) => ({ plot, experiments: narrator.tellFlag(plot) }));
  narrator.tellHousekeeping();
  return {
    projects: PROJECTS.map(({ key, name }) => ({ key, name })),
    environments: [...ENVIRONMENTS],
    actors: [...ACTORS],
    flags: FLAGS.map(({ key, name, description, project, movesTo, tags }) => ({
      key,
      name,
      description,
      project: movesTo ?? project,
      tags: tags.map(([type, value]) => ({ type, value })),
    })),
    experiments: plots.flatMap(({ experiments }) => experiments),
    changes: narrator.newestFirst(),
  };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LENGTH_IN_DAYS = 30;
/** For this long around its migration a flag is changed in both vendors. */
const OVERLAP = 3 * DAY;

const ENVIRONMENTS = ['production', 'staging'] as const;
type Environment = (typeof ENVIRONMENTS)[number];

/** `importedOn`: the day (since the beginning) on which the project's flags arrive in Unleash, all in one transaction. */
interface ProjectPlot {
  key: string;
  name: string;
  importedOn: number;
}

const PROJECTS: ProjectPlot[] = [
  { key: 'web-shop', name: 'Web shop', importedOn: 11 },
  { key: 'mobile-app', name: 'Mobile app', importedOn: 18.5 },
  { key: 'payments', name: 'Payments', importedOn: 28.25 },
];

const ROLES = [
  ['Release', 'Manager'],
  ['Product', 'Owner'],
  ['Reliability', 'Engineer'],
  ['Mobile', 'Developer'],
  ['Payments', 'Developer'],
  ['Growth', 'Analyst'],
] as const;

const ACTORS: StoryActor[] = ROLES.map(([firstName, lastName]) => ({
  firstName,
  lastName,
  email: `${firstName}.${lastName}@example.com`.toLowerCase(),
}));

interface FlagPlot {
  key: string;
  name: string;
  description: string;
  project: string;
  tags: [type: string, value: string][];
  /** The day of its creation; after its project's import it is born in Unleash and LaunchDarkly never hears of it. */
  bornOn: number;
  /** How it ends in Unleash. */
  fate?: 'archived' | 'deleted' | 'restored';
  /** How it ends in LaunchDarkly once its overlap is over; archived unless said otherwise. */
  leaves?: 'archived' | 'deleted' | 'hesitantly';
  movesTo?: string;
  /** Experiments in LaunchDarkly; a running one is possible only while the flag has not left. */
  experiments?: { key: string; name: string; running: boolean }[];
  /** Changes in the last minutes of the story: how long before its end, and what. */
  finale?: { before: number; kind: FlagEventKind; environment: Environment | null }[];
}

const FLAGS: FlagPlot[] = [
  {
    key: 'checkout-redesign',
    name: 'Checkout redesign',
    description: 'The two-step checkout in place of the four-step one.',
    project: 'web-shop',
    tags: [['team', 'checkout']],
    bornOn: 0.3,
    experiments: [
      { key: 'checkout-conversion', name: 'Checkout conversion', running: false },
      { key: 'checkout-basket-size', name: 'Checkout basket size', running: false },
    ],
  },
  {
    key: 'search-suggestions',
    name: 'Search suggestions',
    description: 'Suggests products while the visitor types.',
    project: 'web-shop',
    tags: [['team', 'search']],
    bornOn: 0.6,
  },
  {
    key: 'product-videos',
    name: 'Product videos',
    description: 'Plays a short video on product pages.',
    project: 'web-shop',
    tags: [['team', 'catalogue']],
    bornOn: 1.4,
    leaves: 'deleted',
    fate: 'deleted',
  },
  {
    key: 'guest-checkout',
    name: 'Guest checkout',
    description: 'Lets visitors buy without an account.',
    project: 'web-shop',
    tags: [
      ['team', 'checkout'],
      ['kind', 'permission'],
    ],
    bornOn: 2.2,
    leaves: 'hesitantly',
  },
  {
    key: 'free-shipping-banner',
    name: 'Free shipping banner',
    description: 'Announces free shipping above a basket value.',
    project: 'web-shop',
    tags: [['team', 'growth']],
    bornOn: 3.1,
    fate: 'archived',
    experiments: [{ key: 'shipping-banner-wording', name: 'Shipping banner wording', running: false }],
  },
  {
    key: 'order-digest',
    name: 'Order digest',
    description: 'One message a day about open orders; began in the shop, now lives in the app.',
    project: 'web-shop',
    movesTo: 'mobile-app',
    tags: [['team', 'messaging']],
    bornOn: 4.5,
  },
  {
    key: 'wishlist-sharing',
    name: 'Wishlist sharing',
    description: 'Shares a wishlist by link.',
    project: 'web-shop',
    tags: [['team', 'growth']],
    bornOn: 16.5,
  },
  {
    key: 'recommendations-v2',
    name: 'Recommendations v2',
    description: 'Recommendations from the second model.',
    project: 'web-shop',
    tags: [
      ['team', 'search'],
      ['kind', 'experiment'],
    ],
    bornOn: 22.4,
    finale: [{ before: 260 * SECOND, kind: 'ROLLOUT_CHANGED', environment: 'production' }],
  },
  {
    key: 'biometric-login',
    name: 'Biometric login',
    description: 'Signs in with a fingerprint or a face.',
    project: 'mobile-app',
    tags: [
      ['team', 'identity'],
      ['kind', 'release'],
    ],
    bornOn: 0.9,
  },
  {
    key: 'offline-catalogue',
    name: 'Offline catalogue',
    description: 'Keeps the last catalogue on the device.',
    project: 'mobile-app',
    tags: [['team', 'catalogue']],
    bornOn: 2.7,
    fate: 'restored',
  },
  {
    key: 'push-opt-in',
    name: 'Push opt-in',
    description: 'Asks for push notifications after the first order.',
    project: 'mobile-app',
    tags: [['team', 'messaging']],
    bornOn: 3.8,
  },
  {
    key: 'camera-search',
    name: 'Camera search',
    description: 'Finds a product from a photograph.',
    project: 'mobile-app',
    tags: [['team', 'search']],
    bornOn: 5.6,
    leaves: 'deleted',
  },
  {
    key: 'dark-mode',
    name: 'Dark mode',
    description: 'Follows the theme of the device.',
    project: 'mobile-app',
    tags: [['team', 'design']],
    bornOn: 7.2,
    fate: 'archived',
  },
  {
    key: 'store-locator',
    name: 'Store locator',
    description: 'Shows the nearest shops on a map.',
    project: 'mobile-app',
    tags: [],
    bornOn: 21.3,
  },
  {
    key: 'instant-refunds',
    name: 'Instant refunds',
    description: 'Refunds at once, settles later.',
    project: 'payments',
    tags: [['team', 'payments']],
    bornOn: 1.1,
    experiments: [{ key: 'refund-speed', name: 'Refund speed', running: true }],
    finale: [{ before: 130 * SECOND, kind: 'TARGETING_CHANGED', environment: 'production' }],
  },
  {
    key: 'split-payments',
    name: 'Split payments',
    description: 'Divides one order over two cards.',
    project: 'payments',
    tags: [
      ['team', 'payments'],
      ['kind', 'release'],
    ],
    bornOn: 3.3,
    finale: [
      { before: 500 * SECOND, kind: 'VARIATIONS_CHANGED', environment: null },
      { before: 130 * SECOND, kind: 'TARGETING_CHANGED', environment: 'production' },
    ],
  },
  {
    key: 'invoice-payment',
    name: 'Invoice payment',
    description: 'Pays by invoice within fourteen days.',
    project: 'payments',
    tags: [['team', 'payments']],
    bornOn: 6.4,
    experiments: [{ key: 'invoice-adoption', name: 'Invoice adoption', running: true }],
  },
  {
    key: 'fraud-score-v3',
    name: 'Fraud score v3',
    description: 'Scores every payment with the third model.',
    project: 'payments',
    tags: [
      ['team', 'risk'],
      ['kind', 'kill-switch'],
    ],
    bornOn: 9.5,
    finale: [{ before: 395 * SECOND, kind: 'ROLLOUT_CHANGED', environment: 'production' }],
  },
  {
    key: 'currency-rounding',
    name: 'Currency rounding',
    description: 'Rounds to the smallest coin of the currency.',
    project: 'payments',
    tags: [],
    bornOn: 12.8,
  },
  {
    key: 'wallet-top-up',
    name: 'Wallet top-up',
    description: 'Tops up the wallet automatically.',
    project: 'payments',
    tags: [['team', 'payments']],
    bornOn: 20.1,
  },
];

/** `TOGGLED` becomes `ENABLED` or `DISABLED`, whichever the flag is not. */
type Card = FlagEventKind | 'TOGGLED';

const times = (count: number, card: Card): Card[] => Array.from({ length: count }, () => card);

const CARDS = {
  launchdarkly: [
    ...times(4, 'TOGGLED'),
    ...times(4, 'TARGETING_CHANGED'),
    ...times(3, 'ROLLOUT_CHANGED'),
    'VARIATIONS_CHANGED',
    'SCHEDULE_CHANGED',
    'APPROVAL_CHANGED',
    'DEPENDENCIES_CHANGED',
  ],
  both: [
    ...times(4, 'TOGGLED'),
    ...times(3, 'TARGETING_CHANGED'),
    ...times(2, 'ROLLOUT_CHANGED'),
    'VARIATIONS_CHANGED',
  ],
  unleash: [
    ...times(4, 'TOGGLED'),
    ...times(3, 'TARGETING_CHANGED'),
    ...times(3, 'ROLLOUT_CHANGED'),
    ...times(2, 'METADATA_CHANGED'),
    ...times(2, 'TAGS_CHANGED'),
    'VARIATIONS_CHANGED',
    'SCHEDULE_CHANGED',
    'APPROVAL_CHANGED',
    'DEPENDENCIES_CHANGED',
    'STALE_CHANGED',
  ],
} satisfies Record<string, Card[]>;

/** Kinds that are never about one environment, in either vendor. */
const EVERYWHERE: ReadonlySet<FlagEventKind> = new Set([
  'CREATED',
  'ARCHIVED',
  'RESTORED',
  'DELETED',
  'VARIATIONS_CHANGED',
  'METADATA_CHANGED',
  'TAGS_CHANGED',
  'STALE_CHANGED',
  'MOVED',
]);

const LAUNCHDARKLY = ['launchdarkly'] as const;
const UNLEASH = ['unleash'] as const;
const BOTH = ['launchdarkly', 'unleash'] as const;

/** Writes changes down in the order they happen to each flag; {@link createStory} reads them back newest first. */
function createNarrator(seed: number, now: number) {
  const random = createRandom(seed);
  const beginning = now - LENGTH_IN_DAYS * DAY;
  const decks = {
    launchdarkly: createDeck(random, CARDS.launchdarkly),
    both: createDeck(random, CARDS.both),
    unleash: createDeck(random, CARDS.unleash),
  };
  const changes: StoryChange[] = [];

  const day = (days: number) => Math.floor(beginning + days * DAY);
  const between = (low: number, high: number) => Math.floor(low + random() * (high - low));
  const importOf = (project: string) => day(PROJECTS.find(({ key }) => key === project)?.importedOn ?? LENGTH_IN_DAYS);
  const someone = () => (random() < 0.15 ? null : pick(random, ACTORS));

  /** Increasing moments strictly inside the span; now and then on a release train, where changes of several flags tie. */
  function moments(from: number, to: number, count: number): number[] {
    const train = (at: number) => day(Math.floor((at - beginning) / DAY) + 0.5);
    const drawn = Array.from({ length: count }, () => {
      const at = between(from, to);
      return random() < 0.3 && train(at) > from && train(at) < to ? train(at) : at;
    });
    return [...new Set(drawn)].filter((at) => at > from && at < to).sort((a, b) => a - b);
  }

  function openProject({ key: project }: ProjectPlot): void {
    const arrival = importOf(project);
    const tell = (at: number, kind: FlagEventKind, environment: string | null, actor: StoryActor | null = null) =>
      changes.push({ at, kind, project, environment, flag: null, actor, vendors: UNLEASH });
    tell(arrival - 26 * HOUR, 'CONFIGURATION_CHANGED', null, ACTORS[0]);
    // One transaction in Unleash: both environments are set up in the same millisecond.
    for (const environment of ENVIRONMENTS) {
      tell(arrival - 25 * HOUR, 'CONFIGURATION_CHANGED', environment);
    }
    tell(arrival - 24 * HOUR, 'ACCESS_CHANGED', null, ACTORS[0]);
    for (const environment of ENVIRONMENTS) {
      tell(arrival, 'IMPORTED', environment, ACTORS[0]);
    }
  }

  function tellFlag(plot: FlagPlot): StoryExperiment[] {
    const birth = day(plot.bornOn);
    const arrival = importOf(plot.project);
    const overlapEnd = Math.min(arrival + OVERLAP, now - 10 * MINUTE);
    const flag = createFlagNarrator(plot);
    const experiments: StoryExperiment[] = [];
    if (birth < arrival) {
      flag.comeToLife(birth, LAUNCHDARKLY);
      experiments.push(...flag.tellExperiments(birth + 8 * HOUR, Math.min(overlapEnd, now - HOUR)));
      flag.changeNowAndThen(birth + 8 * HOUR, arrival, 'launchdarkly');
      flag.arriveInUnleash(arrival);
      flag.changeNowAndThen(arrival + MINUTE, overlapEnd, 'both');
    } else {
      flag.comeToLife(birth, UNLEASH);
    }
    if (arrival + OVERLAP < now) {
      flag.liveInUnleash(Math.max(birth, overlapEnd) + 8 * HOUR, birth < arrival ? overlapEnd : null);
    }
    flag.tellFinale(birth < arrival && arrival + OVERLAP > now ? BOTH : UNLEASH);
    return experiments;
  }

  /** One flag's life, told in order. Its on/off state is kept, so that nothing is enabled twice or enabled before it exists. */
  function createFlagNarrator(plot: FlagPlot) {
    let project = plot.project;
    const on: Record<Environment, boolean> = { production: false, staging: false };

    function tell(
      at: number,
      kind: FlagEventKind,
      vendors: readonly StoryVendor[],
      environment: Environment | null = null,
      actor: StoryActor | null = someone(),
    ): void {
      changes.push({ at, kind, project, environment, flag: plot.key, actor, vendors });
    }

    /** A change made by hand in two consoles: a few seconds apart, unless a script does both at once. */
    function tellBoth(at: number, kind: FlagEventKind, environment: Environment | null): void {
      const actor = someone();
      if (actor === null || random() < 0.25) {
        tell(at, kind, BOTH, environment, actor);
        return;
      }
      tell(at, kind, LAUNCHDARKLY, environment, actor);
      tell(at + between(SECOND, 9 * SECOND), kind, UNLEASH, environment, actor);
    }

    function play(card: Card, where: keyof typeof decks, at: number): void {
      const environment = random() < 0.65 ? 'production' : 'staging';
      const kind = card === 'TOGGLED' ? (on[environment] ? 'DISABLED' : 'ENABLED') : card;
      if (card === 'TOGGLED') {
        on[environment] = !on[environment];
      }
      // Prerequisites belong to an environment in LaunchDarkly, dependencies to the whole flag in Unleash.
      const isEverywhere = EVERYWHERE.has(kind) || (kind === 'DEPENDENCIES_CHANGED' && where === 'unleash');
      if (where === 'both') {
        tellBoth(at, kind, isEverywhere ? null : environment);
      } else {
        tell(at, kind, where === 'unleash' ? UNLEASH : LAUNCHDARKLY, isEverywhere ? null : environment);
      }
    }

    function comeToLife(birth: number, vendors: readonly StoryVendor[]): void {
      tell(birth, 'CREATED', vendors, null, pick(random, ACTORS));
      tell(birth + between(10 * MINUTE, HOUR), 'ENABLED', vendors, 'staging');
      tell(birth + between(2 * HOUR, 8 * HOUR), 'ENABLED', vendors, 'production');
      on.staging = true;
      on.production = true;
    }

    /** About a change in three days; at least three while both vendors are kept in step. */
    function changeNowAndThen(from: number, to: number, where: keyof typeof decks): void {
      const count = Math.max(where === 'both' ? 3 : 0, Math.round((to - from) / DAY / 2.75));
      for (const at of moments(from, to, count)) {
        play(decks[where].draw(), where, at);
      }
    }

    function arriveInUnleash(arrival: number): void {
      tell(arrival, 'CREATED', UNLEASH, null, ACTORS[0]);
      for (const environment of ENVIRONMENTS.filter((name) => on[name])) {
        tell(arrival, 'ENABLED', UNLEASH, environment, ACTORS[0]);
      }
    }

    function tellExperiments(from: number, to: number): StoryExperiment[] {
      return (plot.experiments ?? []).map(({ key, name, running }) => {
        const startedAt = between(from, from + (to - from) / 3);
        tell(startedAt, 'EXPERIMENT_CHANGED', LAUNCHDARKLY, 'production', ACTORS[5]);
        if (running) {
          return { key, name, flag: plot.key, status: 'running', startedAt };
        }
        const endedAt = between(from + (to - from) / 2, to);
        tell(endedAt, 'EXPERIMENT_CHANGED', LAUNCHDARKLY, 'production', ACTORS[5]);
        return { key, name, flag: plot.key, status: 'stopped', startedAt, endedAt };
      });
    }

    function leaveLaunchDarkly(at: number): void {
      tell(at, 'ARCHIVED', LAUNCHDARKLY);
      if (plot.leaves === 'hesitantly') {
        tell(at + 2 * HOUR, 'RESTORED', LAUNCHDARKLY);
        tell(at + 5 * HOUR, 'ARCHIVED', LAUNCHDARKLY);
      }
      if (plot.leaves === 'deleted') {
        tell(at + 6 * HOUR, 'DELETED', LAUNCHDARKLY, null, null);
      }
    }

    /** `leftAt`: when LaunchDarkly is done with it; `null` when it was never there. */
    function liveInUnleash(from: number, leftAt: number | null): void {
      if (leftAt !== null) {
        leaveLaunchDarkly(leftAt + MINUTE);
      }
      const end = plot.fate ? now - 2 * DAY : now - 10 * MINUTE;
      const middle = plot.movesTo ? between(from, (from + end) / 2) : from;
      changeNowAndThen(from, middle, 'unleash');
      if (plot.movesTo) {
        move(middle, plot.movesTo);
      }
      changeNowAndThen(middle, end, 'unleash');
      retire(end);
    }

    function move(at: number, target: string): void {
      const movedFrom = project;
      project = target;
      const actor = ACTORS[0] ?? null;
      changes.push({
        at,
        kind: 'MOVED',
        project,
        environment: null,
        flag: plot.key,
        actor,
        vendors: UNLEASH,
        movedFrom,
      });
    }

    function retire(at: number): void {
      if (!plot.fate) {
        return;
      }
      // The system marks it as stale by itself, hence without an actor.
      tell(at, 'STALE_CHANGED', UNLEASH, null, null);
      tell(at + 3 * HOUR, 'ARCHIVED', UNLEASH);
      if (plot.fate === 'deleted') {
        tell(at + 20 * HOUR, 'DELETED', UNLEASH);
      }
      if (plot.fate === 'restored') {
        tell(at + 21 * HOUR, 'RESTORED', UNLEASH);
      }
    }

    function tellFinale(vendors: readonly StoryVendor[]): void {
      for (const { before, kind, environment } of plot.finale ?? []) {
        tell(now - before, kind, vendors, environment);
      }
    }

    return { comeToLife, changeNowAndThen, arriveInUnleash, tellExperiments, liveInUnleash, tellFinale };
  }

  /** Tokens, members and exports: what an instance's log holds between the flags. */
  function tellHousekeeping(): void {
    for (const [index, at] of moments(day(12), now - HOUR, 15).entries()) {
      const { key: project } = PROJECTS[index % 2] ?? { key: 'web-shop' };
      const [kind, environment] = HOUSEKEEPING[index % HOUSEKEEPING.length] ?? ['CONFIGURATION_CHANGED', null];
      // Of a token nobody in particular is the author.
      const actor = kind === 'CONFIGURATION_CHANGED' ? null : pick(random, ACTORS);
      changes.push({
        at,
        kind,
        project: at < importOf(project) ? 'web-shop' : project,
        environment,
        flag: null,
        actor,
        vendors: UNLEASH,
      });
    }
  }

  const newestFirst = () => changes.toSorted((a, b) => a.at - b.at).toReversed();

  return { openProject, tellFlag, tellHousekeeping, newestFirst };
}

const HOUSEKEEPING: [kind: FlagEventKind, environment: Environment | null][] = [
  ['CONFIGURATION_CHANGED', 'production'],
  ['ACCESS_CHANGED', null],
  ['EXPORTED', 'staging'],
  ['CONFIGURATION_CHANGED', null],
  ['CONFIGURATION_CHANGED', 'staging'],
];

/** Deals every card of a shuffled deck before shuffling again, so that rare cards cannot fail to appear. */
function createDeck(random: () => number, cards: readonly Card[]) {
  let left: Card[] = [];

  function draw(): Card {
    if (left.length === 0) {
      left = cards
        .map((card) => ({ card, rank: random() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ card }) => card);
    }
    return left.pop() ?? 'TOGGLED';
  }

  return { draw };
}

function pick<T>(random: () => number, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) {
    throw new Error('Cannot pick from nothing.');
  }
  return choice;
}

/** Mulberry32: small, fast, and the same everywhere, unlike `Math.random`. @returns numbers in [0, 1) */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
