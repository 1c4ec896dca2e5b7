/** The very same text says the very same thing: what it was decoded to is given again. */

/** Decodes a text, unless it is one of the latest that this decoder was given. What it gives is shared: do not change it. */
export type DecodeText = <T>(text: string, decode: (body: unknown) => T | undefined) => T | undefined;

/** Of one decoder. Texts of other lengths are told apart at once. */
const MAX_TEXTS = 8;
/** A longer one is read rarely, and takes more room than it is worth. */
const MAX_LENGTH = 256 * 1024;

export function createDecodings(): DecodeText {
  const latest = new WeakMap<object, { text: string; value: unknown }[]>();
  return <T>(text: string, decode: (body: unknown) => T | undefined) => {
    const own = latest.get(decode) ?? [];
    const known = own.find((each) => each.text === text);
    if (known) return known.value as T;
    const value = decode(parseJson(text));
    if (value !== undefined && text.length <= MAX_LENGTH) {
      latest.set(decode, [{ text, value }, ...own.slice(0, MAX_TEXTS - 1)]);
    }
    return value;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
