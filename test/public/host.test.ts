import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createListener } from '../../src/edge/listener.ts';
import { createLog } from '../../src/observe/log.ts';
import { listen } from '../support/gateway.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const KEY = 'canary-key-of-the-first';
const BODY = '{"query":"{__typename}"}';

async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request);
  return text(socket);
}

function post(host: string, target = '/graphql'): string {
  const headers = `Host: ${host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}`;
  return `POST ${target} HTTP/1.1\r\n${headers}\r\n\r\n${BODY}`;
}

describe('a host that is none', () => {
  let gateway: PublicGateway;
  beforeAll(async () => {
    gateway = await startPublicGateway({ env: { API_KEYS: KEY } });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.for([
    ['with a blank', post('local host')],
    ['with a path', post('localhost/canary')],
    ['with a user', post('canary@localhost')],
    ['with a port that is none', post('localhost:99999')],
    ['with an address that is none', post('[canary]')],
    ['with signs of an address', post('a?b#c')],
    ['encoded badly', post('%E0%A4%A')],
    ['that is empty', post('')],
    ['of everything', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
  ] as const)('is refused without a word, with a line in the log: %s', async ([, request]) => {
    const before = gateway.lines().length;
    const [head = '', body] = (await raw(gateway.port, request)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(body).toBe('');
    expect(gateway.lines().slice(before)).toEqual([
      expect.objectContaining({ level: 'info', status: 400, codes: ['BAD_REQUEST'], upstreamCalls: null }),
    ]);
  });

  it.for([
    ['a name', post('gateway.example.com')],
    ['a name with a port', post('gateway_1.example.com:8443')],
    ['an address', post('[2001:db8::1]:4000')],
    ['a host in the target', post('ignored', 'http://gateway.example.com/graphql')],
  ] as const)('differs from one that may be: %s', async ([, request]) => {
    expect(await raw(gateway.port, request)).toMatch(/^HTTP\/1\.1 401 [\s\S]*UNAUTHENTICATED/);
  });
});

describe('another host than this machine, without authentication,', () => {
  it.for(['/graphql', '/graphql?query=%7B__typename%7D', '/schema', '/live', '/ready', '/', '/favicon.ico'])(
    'gets no answer: %s',
    async (path) => {
      await using gateway = await startPublicGateway();
      for (const host of ['stranger.example.com', `localhost.stranger.com:${gateway.port}`]) {
        const refused = await gateway.request({ path, headers: { host, accept: 'text/html' } });
        expect([refused.status, refused.code]).toEqual([403, 'FORBIDDEN']);
      }
      expect((await gateway.request({ path: '/live', headers: { host: `[::1]:${gateway.port}` } })).status).toBe(200);
      expect(gateway.lines().map(({ codes }) => codes)).toEqual([['FORBIDDEN'], ['FORBIDDEN']]);
    },
  );

  it('gets none by a target with a host of its own either', async () => {
    await using gateway = await startPublicGateway();
    const answered = await raw(gateway.port, post('localhost', 'http://stranger.example.com/graphql'));
    expect(answered).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('a mistake on the way of an answer', () => {
  it('is written down, and nothing of it is sent', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const fail = () => Promise.reject(new TypeError('canary-message'));
    const server = createServer(createListener({ answer: fail, isPrivate: false, log }));
    const { port } = new URL(await listen(server));
    const answered = await raw(Number(port), post('localhost'));
    server.close();
    expect(answered).toMatch(/^HTTP\/1\.1 500 [\s\S]*\r\n\r\n$/);
    expect(answered).not.toMatch(/canary|TypeError|\.ts/);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'error', msg: 'unexpected error', error: { type: 'TypeError' } },
    ]);
  });
});
