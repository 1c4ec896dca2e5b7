/** Finds a moment in a listing that can only be paged by offset, without reading what lies before it. */

/** When the row at an offset happened, in Unix milliseconds; `null` if it cannot be read. */
export type TimeAt = (offset: number) => Promise<number | null>;

/**
 * The offset of the first row at `time` or earlier in a newest-first listing of `total` rows, all of which before `from` are
 * newer. In doubt a smaller one: reading then begins too early, which costs rows but loses none.
 */
export async function seek(time: number, timeAt: TimeAt, from: number, total: number): Promise<number> {
  const isNewer = async (offset: number) => ((await timeAt(offset)) ?? Number.NEGATIVE_INFINITY) > time;
  let [low, high] = [from, total];
  for (let step = Math.max(1, from); low + step < high; step *= 4) {
    if (!(await isNewer(low + step))) high = low + step;
    else low = low + step + 1;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isNewer(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
