/** Content negotiation: in which form a client can read an answer, as its `accept` header says. */
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { GatewayContext } from '../request/context.ts';
import type { ReadableHeaders } from './headers.ts';
import { type Range, readRanges } from './ranges.ts';

export interface Accepted {
  /** The form of an answer in one part. */
  whole: Json | Incremental;
  /** The form of an answer in several parts; `null` if the client must get it in one. */
  parts: Incremental | null;
  /** Whether it can be an event stream, as a subscription's is, though several parts of a query have another form. */
  stream: boolean;
}

type Json = (typeof JSON_TYPES)[number];
type Incremental = (typeof INCREMENTAL_TYPES)[number];

// In the order of preference, where the client has none.
const JSON_TYPES = ['application/json', 'application/graphql-response+json'] as const;
const EVENT_STREAM = 'text/event-stream';
const INCREMENTAL_TYPES = ['multipart/mixed', EVENT_STREAM] as const;

/** The format of 2022, which clients also get who name no format. The parameter of the newer formats is not known here. */
const DEFER_SPEC = '20220824';

/**
 * `null` if the client accepts nothing that the gateway can send. Parts go only to a client that names their media type:
 * one that accepts anything usually parses what it gets as JSON.
 */
export function negotiate(accept: string | null): Accepted | null {
  const all = readRanges(accept || '*/*');
  const ranges = all.filter(isInUtf8);
  const wanted = ranges.filter(({ quality }) => quality > 0);
  const parts = best(INCREMENTAL_TYPES, (type) => wanted.find((each) => each.value === type && isKnownFormat(each)));
  const stream = wanted.some((each) => each.value === EVENT_STREAM && isKnownFormat(each));
  const named = wanted.flatMap(({ value }) => JSON_TYPES.filter((type) => type === value));
  const whole = best([...named, ...JSON_TYPES], (type) => mostSpecific(ranges, type)) ?? parts;
  if (whole) return { whole, parts, stream };
  // It names only a format of parts that is not known here, or only what it does not want.
  const namesUnwanted = all.every(({ quality, value }) => quality === 0 && value !== '*/*');
  return namesUnwanted || wanted.some(isIncremental) ? { whole: 'application/json', parts: null, stream } : null;
}

/** The type of the highest quality. Of equal ones a type that is named wins over one that a wildcard covers. */
function best<T extends string>(types: readonly T[], rangeOf: (type: T) => Range | undefined): T | null {
  const acceptable = types.flatMap((type) => {
    const range = rangeOf(type);
    return range && range.quality > 0 ? [{ type, range, isNamed: range.value === type }] : [];
  });
  const [first] = acceptable.toSorted(
    (one, other) => other.range.quality - one.range.quality || Number(other.isNamed) - Number(one.isNamed),
  );
  return first?.type ?? null;
}

function mostSpecific(ranges: readonly Range[], type: string): Range | undefined {
  const places = [type, type.replace(/\/.*/, '/*'), '*/*'];
  return places.map((place) => ranges.find(({ value }) => value === place)).find((range) => range !== undefined);
}

function isKnownFormat({ parameters }: Range): boolean {
  return !parameters.has('incrementalspec') && (parameters.get('deferspec') ?? DEFER_SPEC) === DEFER_SPEC;
}

function isInUtf8({ parameters }: Range): boolean {
  return (parameters.get('charset') ?? 'utf-8').toLowerCase() === 'utf-8';
}

function isIncremental({ value }: Range): boolean {
  return value.startsWith('multipart/') || value === EVENT_STREAM;
}

const MAX_KNOWN_HEADERS = 200;
const known = new LRUCache<string, { accepted: Accepted | null }>({ max: MAX_KNOWN_HEADERS });

/** As {@link negotiate}, which most requests ask the same. */
export function accept(header: string | null): Accepted | null {
  const given = header ?? '';
  const kept = known.get(given);
  if (kept) return kept.accepted;
  const accepted = negotiate(header);
  known.set(given, { accepted });
  return accepted;
}

/** What has been accepted, in the words of an `accept` header that Yoga and the plugins read. */
export function toHeader({ parts, stream, whole }: Accepted): string {
  return [...new Set([whole, parts ?? whole, stream ? EVENT_STREAM : whole])].join(', ');
}

export function isJson(type: Accepted['whole']): boolean {
  return JSON_TYPES.some((json) => json === type);
}

/**
 * Tells Yoga in its own words what {@link negotiate} has decided: for Yoga every type in the header is as good as another,
 * and parts are for whoever accepts anything. Must run before whatever refuses a request.
 */
export function useNegotiation(): Plugin<GatewayContext> {
  const acceptedBy = new WeakMap<Request, Accepted | null>();
  return {
    onRequest({ request }) {
      const accepted = accept(request.headers.get('accept'));
      acceptedBy.set(request, accepted);
      if (accepted) request.headers.set('accept', toHeader(accepted));
    },
    onRequestParse({ endResponse, fetchAPI, request }) {
      // Yoga would answer 406 only after it has executed the operation.
      if (acceptedBy.get(request) === null) endResponse(new fetchAPI.Response(null, { status: 406 }));
    },
  };
}

/** Whether the client can subscribe, once {@link useNegotiation} has seen its request. */
export function acceptsStream({ headers }: { headers: ReadableHeaders }): boolean {
  return headers.get('accept')?.includes(EVENT_STREAM) ?? false;
}

/** Whether the client gets parts, once {@link useNegotiation} has seen its request. */
export function acceptsParts({ headers }: { headers: ReadableHeaders }): boolean {
  return INCREMENTAL_TYPES.some((type) => headers.get('accept')?.includes(type));
}
