/** Which changes stand on one row: those of one act, and both vendors' halves of a migration. */
import type { PageListQuery } from './generated/graphql.ts';
import { familyOf } from './kinds.ts';

export type Change = NonNullable<PageListQuery['flagEvents']>['edges'][number]['node'];

export interface Row {
  /** That of its newest change. */
  id: string;
  /** Newest first. */
  changes: Change[];
  reason: 'single' | 'group' | 'migration';
}

/** A change request may be worked on for days: what lies further apart is not one act. */
const ACT_MS = 10 * 60_000;

/** A script that moves a flag changes it in one vendor, then in the other. */
const MIGRATION_MS = 2 * 60_000;

interface Open {
  row: Row;
  at: number;
}

/** Older changes only ever add to a row or follow it: what is on the page does not move when they come. */
export function toRows(changes: readonly Change[]): Row[] {
  const rows: Row[] = [];
  const acts = new Map<string, Open>();
  const moves = new Map<string, Open[]>();
  for (const change of changes) {
    const at = Date.parse(change.occurredAt);
    const act = actOf(change);
    const known = act === null ? undefined : acts.get(act);
    const isSameAct = known !== undefined && known.at - at <= ACT_MS;
    const open = isSameAct ? known : otherHalf(change, at, moves);
    if (open) {
      open.row.changes.push(change);
      open.row.reason = isMigration(open.row) ? 'migration' : 'group';
      if (act !== null && !isSameAct) acts.set(act, open);
      continue;
    }
    const begun: Open = { row: { id: change.id, changes: [change], reason: 'single' }, at };
    rows.push(begun.row);
    if (act !== null) acts.set(act, begun);
    const move = moveOf(change);
    if (move !== null)
      moves.set(move, [...(moves.get(move) ?? []).filter((each) => each.at - at <= MIGRATION_MS), begun]);
  }
  return rows;
}

/** What the changes of one act have in common; `null` where the vendor does not say. */
function actOf(change: Change): string | null {
  const act = change.__typename === 'UnleashFlagEvent' ? change.groupId : change.auditLogEntryId;
  return act ? `${change.source.id} ${act}` : null;
}

/** What the two halves of a migration have in common, but for the environment: the vendors have different words for one kind. */
function moveOf({ flag, kind }: Change): string | null {
  return flag && `${familyOf(kind)} ${flag.key}`;
}

function otherHalf(change: Change, at: number, moves: ReadonlyMap<string, readonly Open[]>): Open | undefined {
  const move = moveOf(change);
  if (move === null) return undefined;
  return moves.get(move)?.find(({ at: newest, row }) => {
    const [half] = row.changes;
    if (!half || newest - at > MIGRATION_MS) return false;
    return row.changes.every(({ source }) => source.vendor !== change.source.vendor) && isSamePlace(half, change);
  });
}

function isSamePlace(one: Change, other: Change): boolean {
  const [first, second] = [one.environment?.key, other.environment?.key];
  return first === second || first === undefined || second === undefined;
}

function isMigration({ changes }: Row): boolean {
  return new Set(changes.map(({ source }) => source.vendor)).size > 1;
}

/** A row in words; each list has every value once. */
export interface RowWords {
  title: string;
  flags: string[];
  environments: string[];
  projects: string[];
  who: string[];
  why: string | null;
  sources: string[];
}

export function describeRow({ changes, reason }: Row): RowWords {
  const [title = '', ...others] = unique(changes.map((change) => change.title));
  const why = unique(changes.map(whyOf));
  return {
    title: others.length === 0 || reason === 'migration' ? title : `${title} and ${others.length} more`,
    flags: unique(changes.map(({ flag }) => flag?.key)),
    environments: unique(changes.map(({ environment }) => environment?.key)),
    projects: unique(changes.map(({ project }) => project?.key)),
    who: unique(changes.map(({ actor }) => actor?.name)),
    why: why.length === 0 ? null : why.join(' / '),
    sources: unique(changes.map(({ source }) => source.name)),
  };
}

/** Only LaunchDarkly keeps a reason. */
export function whyOf(change: Change): string | null {
  return change.__typename === 'LaunchDarklyFlagEvent' ? change.auditLogEntry?.comment || null : null;
}

function unique(values: readonly (string | null | undefined)[]): string[] {
  return [...new Set(values.filter((value) => typeof value === 'string').filter((value) => value !== ''))];
}
