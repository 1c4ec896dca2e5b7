/** Fields that an event can do without: null where their own call fails, which the report of the source counts. */
import { CallerGoneError, DeadlineError, isAbsent, UpstreamError } from '../errors.ts';
import type { FlagEvent } from '../model.ts';
import type { GatewayContext } from '../request/context.ts';

/** As `loadField`, but never fails for want of an answer. */
export async function loadDetail<T>(context: GatewayContext, event: FlagEvent, field: string): Promise<T | null> {
  try {
    return await context.loadField<T>(event, field);
  } catch (error) {
    if (!isExpected(error)) throw error;
    // What the vendor does not have is not missing from the answer.
    if (!isAbsent(error)) {
      context.isPartial = true;
      note(context, `${event.source}/${field}`, error);
    }
    return null;
  }
}

/**
 * What those details of these events failed with that are loaded for the answer. They are asked for in their order, since
 * one may need another: nothing is asked that the fields themselves do not ask.
 */
export async function detailFailures(
  context: GatewayContext,
  events: readonly FlagEvent[],
  fields: readonly string[],
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const field of fields) {
    const outcomes = await Promise.allSettled(events.map((event) => context.loadField(event, field)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') failures.push(outcome.reason);
  }
  return failures;
}

function isExpected(error: unknown): boolean {
  return error instanceof UpstreamError || error instanceof DeadlineError || error instanceof CallerGoneError;
}

/** One line of the log, however many events it concerns. */
function note({ failures, noteFailure }: GatewayContext, name: string, error: unknown): void {
  if (failures.every(({ feed }) => feed !== name)) noteFailure(name, error);
}
