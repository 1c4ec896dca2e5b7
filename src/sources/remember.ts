/**
 * Something a source has to ask its vendor for once, such as which version it talks to. Callers at the same time share
 * one answer. A failure is not kept: the next caller asks again, and while there is an older answer that one is given.
 * `maxAgeMs` is how long an answer is believed.
 */
export function remember<T>(load: () => Promise<T>, maxAgeMs = Number.POSITIVE_INFINITY): () => Promise<T> {
  let known: { value: Promise<T>; at: number } | undefined;
  return () => {
    if (known && Date.now() - known.at < maxAgeMs) return known.value;
    const before = known;
    const asked = { value: load().catch((error: unknown) => before?.value ?? Promise.reject(error)), at: Date.now() };
    known = asked;
    asked.value.catch(() => {
      if (known === asked) known = undefined;
    });
    return asked.value;
  };
}
