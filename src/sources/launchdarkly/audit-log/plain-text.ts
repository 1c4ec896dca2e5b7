/** LaunchDarkly's Markdown as plain text for people, without addresses of people. */
import { withoutAddresses } from '../../people.ts';

/** Nobody reads more; and every pass over it takes time. */
const MAX_LENGTH = 20_000;

/**
 * Links lose their addresses, and marks go: `~~old~~` becomes `[removed: old]`, for otherwise it would look like what is
 * there. E-mail addresses are taken out wherever they stand.
 */
export function toPlainText(markdown: string): string {
  const plain = markdown
    .slice(0, MAX_LENGTH)
    .toWellFormed()
    .replaceAll(/\[([^[\]]*)\]\([^()\s]*\)/g, '$1')
    .replaceAll(/~~([^~]+)~~/g, '[removed: $1]')
    .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
    .replaceAll(/`([^`]*)`/g, '$1')
    .replaceAll(/^[ \t]*[*+][ \t]+/gm, '- ')
    .replaceAll(/^#{1,6}[ \t]+/gm, '')
    .replaceAll(/\\([!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~])/g, '$1');
  return withoutAddresses(plain).trim();
}
