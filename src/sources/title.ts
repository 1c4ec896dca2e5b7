/** `enabled_targeting` or `feature-environment-enabled` as one plain line: the first letter large, no marks. */
export function toTitle(word: string): string {
  const plain = word.replace(/[_\-\s]+/g, ' ').trim();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
