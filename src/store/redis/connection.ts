/**
 * One connection to Redis or Valkey, which nobody depends on: a command is waited for 50 ms at most, and while Redis does not
 * answer in time it is not asked at all.
 */
import { createClient, ErrorReply, type RedisClientOptions } from '@redis/client';

export interface ConnectionOptions {
  /** `redis://` or `rediss://`, with a name and a password if Redis wants them. */
  url: string;
  /** Told when Redis fails or refuses a command, at most once a minute. */
  onTrouble(error: unknown): void;
  /** After a failure Redis is tried again in about such intervals, in milliseconds. @default 2_000 */
  retryMs?: number | undefined;
}

export interface Connection extends AsyncDisposable {
  /** Rejects if there is no answer within 50 ms, or less; at once while Redis is left alone. */
  ask<T>(command: (client: Client) => Promise<T>, limitMs?: number): Promise<T>;
  /** Tells of messages while there is a connection; what is sent meanwhile is lost. */
  subscribe(channel: string, listener: (text: string) => void): void;
}

export type Client = ReturnType<typeof createRedisClient>;

/** No command is waited for any longer, in milliseconds. */
export const LIMIT_MS = 50;
/** A connection, or an answer, that takes longer will never come. */
const DEAD_MS = 2_000;
/** A timer that ends so much too late was kept waiting, in milliseconds. */
const LATE_MS = 5;
const MAX_COMMANDS = 10_000;
const SAME_TROUBLE_MS = 60_000;

export class RedisUnavailableError extends Error {
  override name = 'RedisUnavailableError';
}

/** The process itself was busy: that says nothing of Redis. */
class BusyError extends RedisUnavailableError {
  override name = 'BusyError';
}

export function createConnection({ onTrouble, retryMs = 2_000, url }: ConnectionOptions): Connection {
  const listeners = new Map<string, (text: string) => void>();
  let client: Client | undefined;
  let opening: Client | undefined;
  /** Whether Redis is asked: it has answered in time. */
  let isUsed = false;
  let isClosed = false;
  let toldAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<Client> {
    const own = createRedisClient(url);
    opening = own;
    own.on('error', (error) => {
      if (own === client) lose(error);
    });
    try {
      await within(DEAD_MS, own.connect());
      for (const [channel, listener] of listeners) await within(DEAD_MS, own.subscribe(channel, listener));
      return own;
    } catch (error) {
      end(own);
      throw error;
    }
  }

  /** Connects, or finds out whether the connection there is can be used again. */
  async function recover(): Promise<void> {
    try {
      client ??= await connect();
      if (isClosed) return end(client);
      const begun = performance.now();
      await within(DEAD_MS, client.ping());
      const isQuick = performance.now() - begun <= LIMIT_MS;
      if (isQuick && client.isReady) isUsed = true;
      else leaveAlone(new RedisUnavailableError('Redis is slow.'));
    } catch (error) {
      lose(error);
    }
  }

  function leaveAlone(error: unknown): void {
    isUsed = false;
    if (isClosed) return;
    tell(error);
    clearTimeout(timer);
    // Replicas do not all come at once.
    timer = setTimeout(recover, retryMs * (0.75 + Math.random() / 2));
  }

  function lose(error: unknown): void {
    const lost = client;
    client = undefined;
    if (lost) end(lost);
    leaveAlone(error);
  }

  function note(error: unknown): void {
    // Then Redis has answered: that it does not know or allow the command, or has no memory left.
    if (error instanceof ErrorReply) tell(error);
    else if (isUsed && !(error instanceof BusyError)) leaveAlone(error);
  }

  function tell(error: unknown): void {
    if (performance.now() - toldAt < SAME_TROUBLE_MS) return;
    toldAt = performance.now();
    onTrouble(error);
  }

  void recover();
  return {
    async ask(command, limitMs = LIMIT_MS) {
      if (!client || !isUsed) throw new RedisUnavailableError('Redis is left alone for a moment.');
      try {
        return await within(limitMs, command(client));
      } catch (error) {
        note(error);
        throw error;
      }
    },
    subscribe(channel, listener) {
      listeners.set(channel, listener);
      client?.subscribe(channel, listener).catch(lose);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      isUsed = false;
      clearTimeout(timer);
      for (const each of [client, opening]) if (each) end(each);
    },
  };
}

function createRedisClient(url: string) {
  const options = {
    url,
    RESP: 3,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS,
    // Commands of the handshake that not everything which speaks Redis's protocol knows.
    maintNotifications: 'disabled',
    disableClientInfo: true,
    socket: { connectTimeout: DEAD_MS, reconnectStrategy: false },
  } as const satisfies RedisClientOptions;
  return createClient(options);
}

function end(client: Client): void {
  // Throws if it is closed already.
  if (client.isOpen) client.destroy();
}

/** Rejects after so many milliseconds; what becomes of the promise then is nobody's concern. */
async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const begun = performance.now();
  const giveUp = () => {
    const isBusy = performance.now() - begun > limitMs + LATE_MS;
    const Reason = isBusy ? BusyError : RedisUnavailableError;
    // An answer that has come meanwhile is read first.
    setImmediate(reject, new Reason('Redis does not answer in time.'));
  };
  const timer = setTimeout(giveUp, limitMs);
  promise.catch(() => {});
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
