import { FlagHistoryDocument, type FlagHistoryQuery } from '../../../schema/generated/graphql.ts';

type Trusted = { __meta__: { hash: string } };

/** Sends the hash of the operation, which the gateway knows by it. */
export async function readFlagHistory(url: string, key: string): Promise<FlagHistoryQuery> {
  const { hash } = (FlagHistoryDocument as unknown as Trusted).__meta__;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ variables: { key }, extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }),
  });
  const { data, errors } = await response.json();
  return data ?? Promise.reject(new Error(errors[0].message));
}
