/**
 * What a GraphQL request allows its upstream calls: until when, and a count of them. It goes with the request's signal,
 * which reaches every call anyway.
 */
export interface Allowance {
  /** Unix milliseconds. */
  expiresAt: number;
  /** How many HTTP requests were made, retries included. */
  calls: number;
}

const allowances = new WeakMap<AbortSignal, Allowance>();

export function grant(signal: AbortSignal, allowance: Allowance): AbortSignal {
  allowances.set(signal, allowance);
  return signal;
}

export function allowanceOf(signal: AbortSignal): Allowance | undefined {
  return allowances.get(signal);
}
