import type { GraphQLAnswer, TestGateway } from './gateway.ts';

export interface Batch {
  edges: { cursor: string; node: Record<string, unknown> }[];
  nodes: Record<string, unknown>[];
  updated: Record<string, unknown>[];
  cursor: string;
  isCaughtUp: boolean;
  sources: { source: { name: string }; status: string; failure: { code: string } | null }[];
}

export interface Subscribed extends AsyncDisposable {
  /** Every answer so far. */
  answers: GraphQLAnswer<{ flagEventsAdded: Batch }>[];
  /** The id of each, as the stream has it. */
  ids: (string | undefined)[];
  /** How many comments there were. */
  heartbeats(): number;
  status: number;
  batches(): Batch[];
  /** Resolves once this holds of what has come; fails after some seconds, or at the end. */
  until(isEnough: (subscribed: Subscribed) => boolean): Promise<void>;
  /** Resolves once the gateway has ended it. */
  ended: Promise<void>;
}

const LONGEST_MS = 8_000;

/** Subscribes over Server-Sent Events, as `curl -N` would. */
export async function subscribe(
  { url }: Pick<TestGateway, 'url'>,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Subscribed> {
  const leaving = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: leaving.signal,
  });
  const answers: Subscribed['answers'] = [];
  const ids: Subscribed['ids'] = [];
  let heartbeats = 0;
  let isOver = false;
  let wake = () => {};
  const ended = read(response, ({ data, id, name }) => {
    if (name === 'next') {
      answers.push(JSON.parse(data));
      ids.push(id);
    } else if (name === undefined) heartbeats += 1;
    wake();
  }).finally(() => {
    isOver = true;
    wake();
  });
  ended.catch(() => {});
  const subscribed: Subscribed = {
    answers,
    ids,
    heartbeats: () => heartbeats,
    status: response.status,
    batches: () => answers.flatMap(({ data }) => data?.flagEventsAdded ?? []),
    async until(isEnough) {
      const until = Date.now() + LONGEST_MS;
      while (!isEnough(subscribed)) {
        if (isOver || Date.now() > until) throw new Error(`Not enough has come: ${JSON.stringify(answers)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 100);
        });
      }
    },
    ended,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await ended.catch(() => {});
    },
  };
  return subscribed;
}

interface StreamEvent {
  /** A comment has none. */
  name: string | undefined;
  id: string | undefined;
  data: string;
}

async function read({ body }: Response, take: (event: StreamEvent) => void): Promise<void> {
  let text = '';
  for await (const chunk of body?.pipeThrough(new TextDecoderStream() as never) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const lines = event.split('\n');
      const fieldOf = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      take({ name: fieldOf('event'), id: fieldOf('id'), data: fieldOf('data') ?? '' });
    }
  }
}
