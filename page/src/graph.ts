/** Asks the gateway, as any client does: trusted documents by their hashes, answers in parts where something is deferred. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { signal } from '@preact/signals';
import { meros } from 'meros/browser';

/** Where the page stands: the gateway may be below a path of its own. */
export const root = new URL('.', document.baseURI);

export const endpoint = new URL('graphql', root).href;

/** What the reader has typed in, if the gateway asks for it. Kept in memory only. */
export const key = signal('');

/** Why there is no answer. `code` is the gateway's own, or `UNREACHABLE`. */
export class Failure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The gateway has been updated since the page was loaded, and its documents with it. */
export const OUTDATED = ['PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_IN_LIST'];

export function credentials(): Record<string, string> {
  return key.value === '' ? {} : { authorization: `Bearer ${key.value}` };
}

/** As the gateway's trusted documents are asked for. */
export function persisted(document: object): { persistedQuery: { version: number; sha256Hash: string } } {
  const { hash } = (document as { __meta__: { hash: string } }).__meta__;
  return { persistedQuery: { version: 1, sha256Hash: hash.replace('sha256:', '') } };
}

/** The data, and again after each part that comes later. Throws a {@link Failure} if there is none at all. */
export async function* askInParts<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): AsyncGenerator<Data> {
  const response = await send(document, variables, signal);
  const parts = await meros<Answer<Data>>(response);
  if (parts instanceof Response) return yield dataOf(await readJson<Answer<Data>>(parts));
  let data: Data | null = null;
  for await (const part of parts) {
    if (!part.json) throw new Failure('UNREACHABLE', 'The gateway sent something that is no JSON.');
    if (data === null) data = dataOf(part.body);
    for (const { data: late, path } of part.body.incremental ?? []) if (late) data = patch(data, path, late) as Data;
    yield data as Data;
  }
}

export async function ask<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  let last: Data | undefined;
  for await (const data of askInParts(document, variables, signal)) last = data;
  return last as Data;
}

async function send(document: object, variables: unknown, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'multipart/mixed;deferSpec=20220824, application/json',
        ...credentials(),
      },
      body: JSON.stringify({ variables, extensions: persisted(document) }),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('UNREACHABLE', 'The gateway cannot be reached.');
  }
}

interface Answer<Data> {
  data?: Data | null;
  errors?: readonly { message: string; extensions?: { code?: string } }[];
  incremental?: readonly { path: readonly (string | number)[]; data?: object | null }[];
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new Failure('UNREACHABLE', `The gateway’s answer is no JSON (HTTP ${response.status}).`);
  }
}

/** An answer whose root fields are all null has no data. */
function dataOf<Data>({ data, errors }: Answer<Data>): Data {
  if (data && Object.values(data).some((value) => value !== null)) return data;
  const [error] = errors ?? [];
  if (!data || error) throw new Failure(error?.extensions?.code ?? 'UNREACHABLE', error?.message ?? 'No answer.');
  return data;
}

/** A copy with more fields in one place: what has been rendered is not changed. */
function patch(whole: unknown, [step, ...rest]: readonly (string | number)[], more: object): unknown {
  if (step === undefined) return { ...(whole as object), ...more };
  const copy = (Array.isArray(whole) ? [...whole] : { ...(whole as object) }) as Record<string | number, unknown>;
  copy[step] = patch(copy[step], rest, more);
  return copy;
}
