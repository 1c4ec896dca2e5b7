import fc from 'fast-check';

/** Values that have tripped readers of JSON before, and any others. */
export const nonsense: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(null, true, '', ' ', '\ud800', 'constructor', '__proto__', '2026-02-30T10:00:00Z'),
  fc.constantFrom<unknown[]>(-1, 0.5, 2 ** 31, 9e15, 1e308, '1', '-1', '99999999999999999999', '1.5'),
  fc.constantFrom<unknown[]>([], {}, [null], [[]], [{}], [''], { items: null }, { items: {} }, { length: 1 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The same JSON, but for parts of it, anywhere inside, that are missing or replaced by nonsense. */
export function spoilt(value: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: spoiltInside(value) }, { weight: 1, arbitrary: nonsense });
}

/** An object with these properties, each spoilt, or missing. */
export function spoiltProperties(value: object): fc.Arbitrary<object> {
  const parts = Object.entries(value).map(([name, part]) => [name, spoilt(part)] as const);
  return fc.record(Object.fromEntries(parts), { requiredKeys: [], noNullPrototype: true });
}

function spoiltInside(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return value.length === 0 ? fc.constant(value) : fc.array(fc.oneof(...value.map(spoilt)));
  return typeof value === 'object' && value !== null ? spoiltProperties(value) : fc.constant(value);
}
