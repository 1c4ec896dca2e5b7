/** What replicas tell each other through Redis. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Bus, createMemoryBus } from '../bus.ts';
import type { Connection } from './connection.ts';
import type { Namespace } from './namespace.ts';

/** A longer message stays in this replica, in characters. */
export const MAX_MESSAGE = 4 * 1024 * 1024;

const SAME_TROUBLE_MS = 60_000;

const envelope = z.object({ by: z.string(), topic: z.string(), message: z.unknown() });

export interface RedisBusOptions {
  connection: Connection;
  namespace: Namespace;
  /** Told of a message that could not be used, at most once a minute. */
  onTrouble(error: unknown): void;
}

/** Tells this replica at once, whatever becomes of Redis. A listener checks what it is told: others may have written it. */
export function createRedisBus({ connection, namespace, onTrouble }: RedisBusOptions): Bus {
  const channel = `${namespace.prefix}:bus`;
  const here = createMemoryBus();
  const by = randomUUID();
  let toldAt = Number.NEGATIVE_INFINITY;
  const own = `{"by":"${by}"`;

  connection.subscribe(channel, (text) => {
    if (text.length > MAX_MESSAGE || text.startsWith(own)) return;
    try {
      const { message, topic } = envelope.parse(JSON.parse(text));
      here.publish(topic, message);
    } catch (error) {
      if (performance.now() - toldAt < SAME_TROUBLE_MS) return;
      toldAt = performance.now();
      onTrouble(error);
    }
  });

  return {
    subscribe: here.subscribe,
    publish(topic, message) {
      here.publish(topic, message);
      const text = JSON.stringify({ by, topic, message });
      if (text.length <= MAX_MESSAGE) connection.ask((client) => client.publish(channel, text)).catch(() => {});
    },
  };
}
