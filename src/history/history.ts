/** What is remembered of all feeds, bounded in bytes and in age. One for the process; nothing in it is needed to be right. */
import { LRUCache } from 'lru-cache';
import type { FeedRow } from '../timeline/feed.ts';
import { type Segment, type Segments, segmentAt, without } from './segments.ts';

export interface HistoryOptions {
  maxBytes: number;
  /** How long what was read is believed. */
  maxAgeMs: number;
  /** Told whether what a page asked for was there. @default nobody is told */
  onRead?: ((source: string, isHit: boolean) => void) | undefined;
}

/** By listing: a feed and what its upstream was asked for. */
export interface History {
  /** What is known around this millisecond. */
  at(listing: string, time: number): Segment | undefined;
  /** Replaces what was known of the same stretch. */
  add(listing: string, segment: Segment): void;
  bytes(): number;
  readonly maxBytes: number;
  readonly onRead?: HistoryOptions['onRead'];
}

/** `undefined` when nothing is to be remembered. */
export function createHistory({ maxAgeMs, maxBytes, onRead }: HistoryOptions): History | undefined {
  if (maxBytes <= 0 || maxAgeMs <= 0) return undefined;
  const listings = new Map<string, Segments>();
  const kept = new LRUCache<Segment, string>({
    maxSize: maxBytes,
    ttl: maxAgeMs,
    ttlAutopurge: false,
    dispose: (listing, segment) => forget(listing, segment),
  });

  function forget(listing: string, segment: Segment): void {
    const rest = listings.get(listing)?.filter((each) => each !== segment) ?? [];
    if (rest.length > 0) listings.set(listing, rest);
    else listings.delete(listing);
  }

  function keep(listing: string, segment: Segment, ttl: number): void {
    const size = sizeOf(segment.rows);
    if (size > maxBytes) return;
    const others = listings.get(listing) ?? [];
    listings.set(
      listing,
      [...others, segment].toSorted((a, b) => b.hi - a.hi),
    );
    kept.set(segment, listing, { size, ttl });
  }

  const history: History = {
    at(listing, time) {
      const segment = segmentAt(listings.get(listing) ?? [], time);
      // Too old is as good as unknown; asking for it counts as use.
      return segment && kept.get(segment) !== undefined ? segment : undefined;
    },
    add(listing, segment) {
      const above = segment.after === undefined ? undefined : segmentAt(listings.get(listing) ?? [], segment.hi);
      if (above && (above.after === undefined || above.hi > segment.hi)) {
        // The millisecond that the new segment has a part of is known as a whole already.
        const [below] = without(segment, { lo: segment.hi, hi: segment.hi });
        if (below) history.add(listing, below);
        return;
      }
      const overlapped = (listings.get(listing) ?? []).filter(({ hi, lo }) => lo <= segment.hi && hi >= segment.lo);
      for (const old of overlapped) {
        const left = kept.getRemainingTTL(old);
        kept.delete(old);
        if (left > 0) for (const part of without(old, segment)) keep(listing, part, left);
      }
      keep(listing, segment, maxAgeMs);
    },
    bytes: () => kept.calculatedSize,
    maxBytes,
    onRead,
  };
  return history;
}

/** Of the objects around a row's own text. */
const ROW_BYTES = 1_200;
const sizes = new WeakMap<FeedRow, number>();

/** About how much memory the rows take; each is measured once. */
function sizeOf(rows: readonly FeedRow[]): number {
  let size = ROW_BYTES;
  for (const row of rows) {
    let own = sizes.get(row);
    if (own === undefined) {
      own = ROW_BYTES + JSON.stringify(row.event.wire).length;
      sizes.set(row, own);
    }
    size += own;
  }
  return size;
}
