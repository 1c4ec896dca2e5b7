/** What a vendor's folder adds to the graph, and what it is handed for that. */
import type { InputRef } from '@pothos/core';
import type { FlagEvent } from '../model.ts';
import type { Builder, ObjectRef } from './builder.ts';
import type { FlagTypes } from './flag-event.ts';

/** The types every vendor's own types build on. */
export type SharedTypes = Pick<FlagTypes, 'FlagEvent' | 'FlagEventKind' | 'FlagActor' | 'FlagChange'>;

export interface VendorTypes {
  /** The type that implements `FlagEvent` for this vendor. */
  event: ObjectRef<FlagEvent>;
  /** The vendor's part of `FlagEventFilter`; it narrows that vendor's events only. */
  filter: { field: string; type: InputRef<object>; description: string };
}

/** A vendor as the graph knows it. */
export interface GraphVendor {
  /** The value of `FlagVendor`. */
  vendor: string;
  /** For people, for example `LaunchDarkly`. */
  name: string;
  graph: VendorGraph;
}

export interface VendorGraph {
  /** Fields of the vendor's part of a filter that tell who is named in an event. */
  namesPeople: readonly string[];
  define(builder: Builder, shared: SharedTypes): VendorTypes;
  /**
   * The vendor's part of a filter as its feeds read it. Throws `BadInputError` naming the argument, of which `path` is
   * the beginning, if there is something its upstream cannot be asked.
   */
  toFilter(input: Readonly<Record<string, unknown>>, path: string): unknown;
}
