import { createServer, request as send } from 'node:http';
import { listen } from './gateway.ts';

export interface RecordingProxy extends AsyncDisposable {
  url: string;
  /** Path and query of every request, in order. */
  requests: string[];
}

/** Stands before a real server, notes what it is asked, and answers 404 to what `hides` says it does not have. */
export async function startRecordingProxy(
  target: string,
  hides: (path: string) => boolean = () => false,
): Promise<RecordingProxy> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    requests.push(path);
    if (hides(path)) {
      outgoing.writeHead(404, { 'content-type': 'application/json' }).end('{"name":"NotFoundError"}');
      return;
    }
    const { host: _host, ...headers } = incoming.headers;
    const forwarded = send(new URL(path, target), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  const url = await listen(server);
  return {
    url,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
