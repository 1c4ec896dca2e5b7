/** What one execution may spend on upstreams: until when, and how many calls. */
import { CallerGoneError, DeadlineError } from '../errors.ts';
import type { Budget } from '../model.ts';

export interface BudgetOptions {
  /** Unix milliseconds. */
  deadline: number;
  calls: number;
  /** Its signal is aborted when the client has gone; asked for it once something is read. */
  client: { readonly signal: AbortSignal };
}

/** A budget that holds nothing of its request before it is used, nor once it is closed: neither a timer nor a listener. */
export interface OpenBudget extends Budget {
  close(): void;
}

export function createBudget({ calls, client, deadline }: BudgetOptions): OpenBudget {
  let controller: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;

  function close(): void {
    if (!controller) return;
    clearTimeout(timer);
    client.signal.removeEventListener('abort', leave);
  }

  function leave(): void {
    close();
    controller?.abort(new CallerGoneError());
  }

  function open(): AbortController {
    const opened = new AbortController();
    controller = opened;
    timer = setTimeout(() => opened.abort(new DeadlineError()), Math.max(0, deadline - Date.now()));
    const { signal } = client;
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return opened;
  }

  return {
    get signal() {
      return (controller ?? open()).signal;
    },
    deadline,
    calls: { made: 0, limit: calls },
    close,
  };
}
