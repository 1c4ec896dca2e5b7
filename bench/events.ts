/** Ten thousand events of each vendor as its API gives them, made of those of the sandbox: real sizes, no real names. */
import { startLaunchDarklySandbox } from '../src/sources/launchdarkly/sandbox.ts';
import { createStory } from '../src/sources/story.ts';
import { startUnleashSandbox } from '../src/sources/unleash/sandbox.ts';

export const EVENTS_PER_VENDOR = 10_000;
/** Events are this far apart, and the two vendors' take turns. */
const STEP_MS = 5 * 60 * 1000;
/** The newest is older than anything that may still change. */
const HEAD_MS = 20 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

/** One event, printed once: an answer joins what is printed already, so that the vendors cost little. */
export interface PrintedEvent {
  time: number;
  text: string;
  /** With its experiments. */
  expanded: string;
}

/** Newest first. The same for every run that begins within the same hour. */
export async function createEvents(now: number) {
  const newest = Math.floor((now - HEAD_MS) / HOUR_MS) * HOUR_MS;
  const story = createStory({ seed: 1, now: newest });
  await using launchDarkly = await startLaunchDarklySandbox({ story });
  await using unleash = await startUnleashSandbox({ story });
  const path = `/api/v2/engineering-insights/flag-events?projectKey=payments&environmentKey=production&from=1&to=${newest}&limit=100&expand=experiments`;
  const headers = { authorization: launchDarkly.token, 'ld-api-version': 'beta' };
  const { items } = (await read(launchDarkly.url + path, headers)) as { items: Record<string, unknown>[] };
  const search = `${unleash.url}/api/admin/search/events?limit=100`;
  const { events } = (await read(search, { authorization: unleash.token })) as { events: Record<string, unknown>[] };
  return {
    launchDarkly: repeat(items, (item, index): PrintedEvent => {
      const time = newest - 2 * index * STEP_MS;
      const { experiments, ...plain } = {
        ...item,
        id: `event-${index}`,
        eventTime: time,
        projectKey: 'payments',
      } as Record<string, unknown>;
      const text = JSON.stringify(plain);
      return { time, text, expanded: JSON.stringify({ ...plain, experiments }) };
    }),
    unleash: repeat(events, (event, index): PrintedEvent => {
      const time = newest - (2 * index + 1) * STEP_MS;
      const createdAt = new Date(time).toISOString();
      const text = JSON.stringify({ ...event, id: EVENTS_PER_VENDOR - index, createdAt, project: 'payments' });
      return { time, text, expanded: text };
    }),
  };
}

function repeat<T, R>(templates: readonly T[], toEvent: (template: T, index: number) => R): R[] {
  return Array.from({ length: EVENTS_PER_VENDOR }, (_, index) => {
    const template = templates[index % templates.length];
    if (template === undefined) throw new Error('The sandbox has no events.');
    return toEvent(template, index);
  });
}

async function read(url: string, headers: Record<string, string>): Promise<unknown> {
  return (await fetch(url, { headers })).json();
}
