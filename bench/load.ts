/** The load: so many connections, each with its next request as soon as it has its answer. */
import { Pool } from 'undici';

export interface LoadOptions {
  url: URL;
  connections: number;
  bodies: Iterator<string>;
  /** How many queries, or for how long. */
  queries?: number;
  seconds?: number;
}

export interface LoadResult {
  queries: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** Throws for an answer that is not 200, or has errors: what is not answered is not measured. */
export async function load({
  bodies,
  connections,
  queries = Number.POSITIVE_INFINITY,
  seconds,
  url,
}: LoadOptions): Promise<LoadResult> {
  const pool = new Pool(url.origin, { connections });
  const beganAt = performance.now();
  const endsAt = seconds === undefined ? Number.POSITIVE_INFINITY : beganAt + seconds * 1000;
  const times: number[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < queries && performance.now() < endsAt) {
      begun += 1;
      const sentAt = performance.now();
      await ask(pool, url, bodies.next().value);
      times.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const elapsed = performance.now() - beganAt;
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { queries: times.length, perSecond: (times.length / elapsed) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** The answer's text. */
export async function ask(pool: Pool, url: URL, body: string): Promise<string> {
  const answer = await pool.request({
    method: 'POST',
    path: url.pathname,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body,
  });
  const text = await answer.body.text();
  if (answer.statusCode === 200 && !text.includes('"errors"') && !text.includes('"partial"')) return text;
  throw new Error(`${answer.statusCode}: ${text.slice(0, 300)}`);
}
