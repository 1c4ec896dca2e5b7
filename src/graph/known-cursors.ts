/** A page that is asked for again has the same cursor again, and checking it costs more than finding the page. */
import { LRUCache } from 'lru-cache';
import { type Cursor, decodeCursor, MAX_CURSOR_LENGTH } from '../timeline/cursor.ts';

/** Bounded in characters; what they are decoded to takes a few times their room. */
const known = new LRUCache<string, Cursor>({
  maxSize: 64 * MAX_CURSOR_LENGTH,
  sizeCalculation: (_, { length }) => length,
});

/** As {@link decodeCursor}, which checks each cursor once. What it gives is shared: do not change it. */
export function decodeKnownCursor(text: string, digest: string, argument: string): Cursor {
  const key = `${digest} ${text}`;
  const decoded = known.get(key);
  if (decoded) return decoded;
  const cursor = decodeCursor(text, digest, argument);
  known.set(key, cursor);
  return cursor;
}
