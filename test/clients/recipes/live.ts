import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws';

type Headers = Record<string, string>;
type Subscribing = Pick<SocketClient, 'subscribe'>;

/** Over a WebSocket. A connection that is lost is made again, unless the credentials are refused. */
export function createLiveSocket(url: string, headers: Headers = {}): SocketClient {
  const client = createSocketClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: headers,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: pause,
    shouldRetry: (reason) => (reason as { code?: number }).code !== 4403,
  });
  return { ...client, subscribe: resuming(client) };
}

/** Over Server-Sent Events, with the same `subscribe`. */
export function createLiveStream(url: string, headers: Headers = {}): Subscribing {
  const client = createStreamClient({ url, headers, retryAttempts: Number.POSITIVE_INFINITY, retry: pause });
  return { subscribe: resuming(client as Subscribing) };
}

/** Up to half a minute, and not at the same moment as all others. */
const pause = (tries: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, 500 * (1 + Math.random()) * Math.min(2 ** tries, 30)));

/** A subscription that has begun and is interrupted goes on after its last batch. */
function resuming(client: Subscribing): Subscribing['subscribe'] {
  return (payload, sink) => {
    // Both libraries send these again when they have lost the connection.
    const variables = { ...payload.variables };
    let hasBegun = false;
    let isLeft = false;
    let leave = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      let isInterrupted = false;
      const interrupt = () => {
        isInterrupted = true;
        leave();
        timer = setTimeout(begin, 1000);
      };
      leave = client.subscribe(
        { ...payload, variables },
        {
          next(answer) {
            const { data, errors } = answer as Answer;
            const isEnd = errors?.some(({ extensions }) => extensions?.code === 'SUBSCRIPTION_ENDED');
            if (isInterrupted) return;
            if (!data && (hasBegun || isEnd)) return interrupt();
            hasBegun ||= !errors;
            variables.since = data?.flagEventsAdded?.cursor ?? variables.since;
            sink.next(answer as never);
          },
          error: (reason) => sink.error(reason),
          complete() {
            if (hasBegun && !isLeft && !isInterrupted) interrupt();
            else if (!isInterrupted) sink.complete();
          },
        },
      );
    };
    begin();
    return () => {
      isLeft = true;
      clearTimeout(timer);
      leave();
    };
  };
}

interface Answer {
  data?: { flagEventsAdded?: { cursor: string } } | null;
  errors?: readonly { extensions?: Record<string, unknown> }[];
}
