/** `--check`: whether every configured account answers, in words for whoever sets the gateway up. */
import { toFailure, toFeedFailure } from '../errors.ts';
import type { Source } from '../sources/source.ts';
import { askNewest, type Newest } from './newest.ts';

const MAX_CALLS = 2_000;

export interface CheckReport {
  isOk: boolean;
  /** A line for each feed. */
  text: string;
}

export async function checkSources(sources: readonly Source[], timeoutMs: number): Promise<CheckReport> {
  const answers = await Promise.all(
    sources.map(async (source) => {
      const asked = await askNewest(source, { timeoutMs, calls: MAX_CALLS });
      if (asked.length === 0) return [{ isOk: false, text: `${source.id}: nothing of it is read.` }];
      return asked.map((one) => ({ isOk: one.error === undefined, text: describe(one, source) }));
    }),
  );
  const lines = answers.flat();
  return {
    isOk: lines.every(({ isOk }) => isOk),
    text: lines.map(({ isOk, text }) => `${isOk ? 'OK    ' : 'FAILED'}  ${text}`).join('\n'),
  };
}

function describe(one: Newest, { name }: Source): string {
  if (one.error !== undefined) {
    const { code, message } = toFailure(one.error, name);
    const { cause } = toFeedFailure(one.feed, one.error);
    return `${one.feed}: ${message} (${[code, cause].filter(Boolean).join(', ')})`;
  }
  const newest = one.occurredAt === null ? 'has no events' : `newest event ${new Date(one.occurredAt).toISOString()}`;
  return `${one.feed}: ${newest}${one.notice ? `. ${one.notice}` : ''}`;
}
