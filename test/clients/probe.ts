/** Remembers what it is told, and lets a test wait until it has been told something. */
export interface Probe<T> {
  seen: T[];
  tell(value: T): void;
  /** The first value, told already or still to come, that is meant. */
  until(isMeant: (value: T) => boolean): Promise<T>;
}

export function createProbe<T>(): Probe<T> {
  const seen: T[] = [];
  const waiting = new Set<(value: T) => void>();
  return {
    seen,
    tell(value) {
      seen.push(value);
      for (const look of waiting) look(value);
    },
    until: (isMeant) =>
      new Promise((resolve) => {
        const look = (value: T) => {
          if (!isMeant(value)) return;
          waiting.delete(look);
          resolve(value);
        };
        waiting.add(look);
        seen.forEach(look);
      }),
  };
}
