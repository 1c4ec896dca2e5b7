/** Connections to one vendor: a bounded pool that is kept alive, through a proxy where one is set. */
import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type ProxySettings, proxyFor } from './proxy.ts';

export interface NetworkOptions {
  connections: number;
  /** A larger body is refused with `UND_ERR_RES_EXCEEDED_MAX_SIZE`. */
  maxResponseBytes: number;
  proxy: ProxySettings;
}

export interface Network {
  /** A GET, or with a body a POST, that ends when the signal is aborted, whatever it was doing then; nothing else limits its time. */
  request(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

/** Nobody waits so long: only for what is left of a TLS handshake inside of a tunnel when its caller has gone. */
const ABANDONED_AFTER_MS = 60_000;

export function createNetwork(url: URL, { connections, maxResponseBytes, proxy }: NetworkOptions): Network {
  /** Whose request is being handed to undici at this moment: a connection that is begun then is for it. */
  let dispatching: AbortSignal | undefined;
  const connecting = new Set<(reason: Error) => void>();

  /**
   * undici leaves a connection that is being made alone when its request is aborted, and does not tell the request before
   * the connection is made: with no time limit of its own it would keep its place in the pool for minutes.
   */
  function endingWithRequest(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      const signal = dispatching;
      let isOver = false;
      const finish = () => {
        isOver = true;
        connecting.delete(giveUp);
        signal?.removeEventListener('abort', abort);
      };
      const giveUp = (reason: Error) => {
        if (isOver) return;
        finish();
        callback(reason, null);
        // Not every connector gives its socket at once.
        (socket as { destroy?(): void } | undefined)?.destroy?.();
      };
      const abort = () => giveUp(signal?.reason);
      connecting.add(giveUp);
      signal?.addEventListener('abort', abort);
      const socket: unknown = connect({ ...options, ...(signal && { signal }) }, (...result) => {
        if (isOver) {
          result[1]?.on('error', () => {}).destroy();
          return;
        }
        finish();
        callback(...result);
      });
    };
  }

  const createPool = (
    origin: string | URL,
    { connect = buildConnector({ timeout: 0, allowH2: false }) }: Pool.Options,
  ) =>
    new Pool(origin, {
      connections,
      pipelining: 1,
      // One request per connection, so that who waits does so in the gate.
      allowH2: false,
      connect: endingWithRequest(connect as buildConnector.connector),
      headersTimeout: 0,
      bodyTimeout: 0,
      // Unleash closes idle connections after 15 s: let go of them first.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 10_000,
      maxResponseSize: maxResponseBytes,
    });

  const uri = proxyFor(url, proxy)?.href;
  const dispatcher =
    uri === undefined
      ? createPool(url.origin, {})
      : new ProxyAgent({ uri, factory: createPool, clientFactory: createPool, connectTimeout: ABANDONED_AFTER_MS });
  const { origin } = url;

  return {
    request(path, headers, signal, body) {
      dispatching = signal;
      try {
        if (body === undefined) return dispatcher.request({ origin, path, method: 'GET', headers, signal });
        const all = { ...headers, 'content-type': 'application/json' };
        return dispatcher.request({ origin, path, method: 'POST', headers: all, body: JSON.stringify(body), signal });
      } finally {
        dispatching = undefined;
      }
    },
    async close() {
      const reason = new Error('The gateway is shutting down');
      for (const giveUp of connecting) giveUp(reason);
      await dispatcher.destroy();
    },
  };
}
