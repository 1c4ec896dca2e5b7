/** Tells replicas of one account when a vendor wants no more calls, so that not each of them has to be refused. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Bus } from '../store/bus.ts';

/** Nothing is sent for so long. */
export interface Pause {
  /** What the vendor counts calls by; `null`: the whole account. */
  route: string | null;
  /** Milliseconds: the clocks of replicas differ. */
  forMs: number;
}

export interface Pauses {
  tell(pause: Pause): void;
}

const TOPIC = 'rate-limit pauses';
/** No replica stops another one for longer, in milliseconds. */
const LONGEST_MS = 10 * 60_000;
const MAX_ROUTE = 1_000;
/** A pause that lasts hardly longer than what was told is not told again, in milliseconds. */
const SAME_MS = 1_000;

const schema = z.object({
  by: z.string(),
  source: z.string(),
  route: z.string().max(MAX_ROUTE).nullable(),
  forMs: z.number().positive().max(LONGEST_MS),
});

export interface PausesOptions {
  bus: Bus;
  /** Id of the configured source. */
  source: string;
  /** Told of the pauses of other replicas. */
  onPause(pause: Pause): void;
}

export function createPauses({ bus, onPause, source }: PausesOptions): Pauses {
  const by = randomUUID();
  let told = { route: null as string | null, until: Number.NEGATIVE_INFINITY };

  bus.subscribe(TOPIC, (message) => {
    const { data } = schema.safeParse(message);
    if (data && data.by !== by && data.source === source) onPause({ route: data.route, forMs: data.forMs });
  });

  return {
    tell({ forMs, route }) {
      const until = performance.now() + forMs;
      if (route === told.route && until <= told.until + SAME_MS) return;
      told = { route, until };
      bus.publish(TOPIC, { by, source, route, forMs: Math.min(forMs, LONGEST_MS) });
    },
  };
}
