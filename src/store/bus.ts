/** What one part of the gateway tells the others. In memory here; replicas may share one that lives elsewhere. */
import { EventEmitter } from 'node:events';

export interface Bus {
  /** At most once, to whoever listens at this moment, the sender included. A message is JSON. */
  publish(topic: string, message: unknown): void;
  subscribe(topic: string, listener: (message: unknown) => void): void;
}

export function createMemoryBus(): Bus {
  const emitter = new EventEmitter();
  // Each source listens.
  emitter.setMaxListeners(0);
  return {
    publish: (topic, message) => void emitter.emit(topic, message),
    subscribe: (topic, listener) => void emitter.on(topic, listener),
  };
}
