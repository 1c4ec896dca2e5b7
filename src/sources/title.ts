/**
 * `enabled_targeting` or `feature-environment-enabled` as one plain line: the first letter large, no marks. Never empty: a
 * row on a timeline has to say something.
 */
export function toTitle(word: string): string {
  const plain = word.replace(/[_\-\s]+/g, ' ').trim();
  return plain === '' ? 'Unknown event' : plain.charAt(0).toUpperCase() + plain.slice(1);
}
