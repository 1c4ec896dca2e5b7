/** What differs between two states of something, for both vendors. */
import diff from 'microdiff';
import { isRecord, type Json } from './decode.ts';
import { partWithoutPeople } from './people.ts';

export interface Change {
  /** Keys and indexes from the outside in. */
  path: (string | number)[];
  before: Json;
  after: Json;
}

/** One of them alone is no difference but a whole. Neither may go deeper than `MAX_DEPTH`. */
export function toChanges(before: Json, after: Json): Change[] {
  if (!isRecord(before) || !isRecord(after)) return [];
  return diff(before, after, { cyclesFix: false }).map((difference) => ({
    path: difference.path,
    before: 'oldValue' in difference ? difference.oldValue : null,
    after: 'value' in difference ? difference.value : null,
  }));
}

/** For readers who may not see who is named in them. */
export function changesWithoutPeople(changes: readonly Change[]): Change[] {
  return changes.map(({ after, before, path }) => ({
    path,
    before: partWithoutPeople(before, path),
    after: partWithoutPeople(after, path),
  }));
}
