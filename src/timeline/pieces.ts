/** Cuts a list whose items have a length into as few pieces as possible that are no longer than they may be, in its order. */
export function inPieces<T>(items: readonly T[], lengthOf: (item: T) => number, maxLength: number): T[][] {
  const pieces: T[][] = [];
  let length = 0;
  for (const item of items) {
    const own = lengthOf(item);
    length += own;
    if (length > maxLength || pieces.length === 0) {
      pieces.push([]);
      length = own;
    }
    pieces.at(-1)?.push(item);
  }
  return pieces;
}
