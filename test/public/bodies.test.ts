import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../src/edge/body.ts';
import { type PublicGateway, startPublicGateway } from '../support/public-gateway.ts';

const BODY = JSON.stringify({ query: '{ __typename }' });
const ANSWER = '{"data":{"__typename":"Query"}}';
const POST = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
const NEXT = `${POST}content-length: ${BODY.length}\r\n\r\n${BODY}`;
const TOO_LARGE = /^HTTP\/1\.1 413 [\s\S]*\r\nconnection: close\r\n[\s\S]*"code":"REQUEST_ENTITY_TOO_LARGE"/i;

let gateway: PublicGateway;
beforeAll(async () => {
  gateway = await startPublicGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

function open(): { socket: Socket; received: Promise<string> } {
  const socket = connect(gateway.port, '127.0.0.1');
  return { socket, received: text(socket) };
}

const chunk = (size: number) => `${size.toString(16)}\r\n${' '.repeat(size)}\r\n`;

describe('a connection, after a body that is too large,', () => {
  it.for([
    ['in chunks', `${POST}transfer-encoding: chunked\r\n\r\n${chunk(MAX_BODY_BYTES)}${chunk(1)}0\r\n\r\n`],
    ['with a length', `${POST}content-length: ${MAX_BODY_BYTES + 1}\r\n\r\n${' '.repeat(MAX_BODY_BYTES + 1)}`],
  ] as const)('is closed, so that no request waits on it in vain: %s', async ([, sent]) => {
    const { received, socket } = open();
    socket.write(sent + NEXT);
    const answer = await received;
    expect(answer).toMatch(TOO_LARGE);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('is closed when the client stops in the middle of it', async () => {
    const { received, socket } = open();
    socket.write(`${POST}transfer-encoding: chunked\r\n\r\n${chunk(MAX_BODY_BYTES)}${chunk(1)}`);
    expect(await Promise.race([received, wait(5_000, 'still open')])).toMatch(TOO_LARGE);
  });

  it('brings the answer first, while the client goes on sending', async () => {
    const { received, socket } = open();
    socket.write(`${POST}content-length: ${20 * MAX_BODY_BYTES}\r\n\r\n`);
    for (let count = 0; count < 8; count += 1) {
      socket.write(' '.repeat(MAX_BODY_BYTES));
      await wait(5);
    }
    expect(await received).toMatch(TOO_LARGE);
  });

  it('is kept after any other request', async () => {
    const { received, socket } = open();
    socket.write(NEXT + NEXT.replace('__typename', '__unknown_') + NEXT);
    await wait(300);
    socket.end();
    expect((await received).match(/HTTP\/1\.1 200 /g)).toHaveLength(3);
  });
});

describe('a body', () => {
  const send = async (body: Uint8Array | string, headers: Record<string, string>) => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body as Uint8Array<ArrayBuffer>,
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  const gzip = { 'content-encoding': 'gzip' };

  it('may be compressed with gzip', async () => {
    expect(await send(gzipSync(BODY), gzip)).toMatchObject({ status: 200, body: ANSWER });
    expect(await send(BODY, { 'content-encoding': 'identity' })).toMatchObject({ status: 200, body: ANSWER });
  });

  it('may be as large as any other once it is decompressed, and no larger', async () => {
    expect(await send(gzipSync(BODY.padEnd(MAX_BODY_BYTES)), gzip)).toMatchObject({ status: 200, body: ANSWER });
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(MAX_BODY_BYTES);
    const refused = await send(bomb, gzip);
    expect([refused.status, refused.body]).toEqual([413, expect.stringContaining('REQUEST_ENTITY_TOO_LARGE')]);
  });

  it('is refused if it is compressed otherwise, with what would be right', async () => {
    const refused = await send(brotliCompressSync(BODY), { 'content-encoding': 'br' });
    expect(refused.status).toBe(415);
    expect(refused.body).toContain('UNSUPPORTED_MEDIA_TYPE');
    expect(refused.headers.get('accept-encoding')).toBe('gzip');
  });

  it('is refused if it only says that it is compressed', async () => {
    const refused = await send(BODY, gzip);
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining('BAD_REQUEST')]);
  });

  it('may come as a form, or as the query alone', async () => {
    const headers = { 'graphql-require-preflight': '1' };
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    expect(await send('query=%7B__typename%7D&variables=&operationName=', form)).toMatchObject({ body: ANSWER });
    const query = { ...headers, 'content-type': 'application/graphql; charset=utf-8' };
    expect(await send('{ __typename }', query)).toMatchObject({ body: ANSWER });
  });

  it('may name no operation with an empty text', async () => {
    const body = JSON.stringify({ query: 'query Name { __typename }', operationName: '' });
    expect(await send(body, {})).toMatchObject({ status: 200, body: ANSWER });
  });

  it('is logged as cut off when its client leaves in the middle of it', async () => {
    await using other = await startPublicGateway();
    const socket = connect(other.port, '127.0.0.1');
    socket.write(`${POST}content-length: 100\r\n\r\n{`);
    await wait(100);
    socket.destroy();
    while (other.lines().length === 0) await wait(10);
    expect(other.lines()).toEqual([expect.objectContaining({ level: 'info', aborted: true })]);
  });
});
