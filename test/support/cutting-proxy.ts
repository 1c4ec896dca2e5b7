import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  /** Of GraphQL behind it. */
  url: string;
  /** How many connections there were. */
  connections(): number;
  /** Resets every connection, as a network does that fails. */
  cut(): void;
  /** Where new connections lead from now on. */
  leadTo(url: string): void;
}

/** Stands before a real server and passes on bytes, whatever protocol they are of. */
export async function startCuttingProxy(url: string): Promise<CuttingProxy> {
  let target = new URL(url);
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    connections += 1;
    const outgoing = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    connections: () => connections,
    cut,
    leadTo(other) {
      target = new URL(other);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
    },
  };
}
