/** LaunchDarkly's Markdown as plain text for people, without addresses of people. */

/** What stands in the place of an e-mail address. */
const ADDRESS = '[e-mail address]';
/** Nobody reads more; and every pass over it takes time. */
const MAX_LENGTH = 20_000;

/**
 * Links lose their addresses, and marks go: `~~old~~` becomes `[removed: old]`, for otherwise it would look like what is
 * there. E-mail addresses are taken out wherever they stand.
 */
export function toPlainText(markdown: string): string {
  return markdown
    .slice(0, MAX_LENGTH)
    .toWellFormed()
    .replaceAll(/\[([^[\]]*)\]\([^()\s]*\)/g, '$1')
    .replaceAll(/~~([^~]+)~~/g, '[removed: $1]')
    .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
    .replaceAll(/`([^`]*)`/g, '$1')
    .replaceAll(/^[ \t]*[*+][ \t]+/gm, '- ')
    .replaceAll(/^#{1,6}[ \t]+/gm, '')
    .replaceAll(/\\([!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~])/g, '$1')
    .replaceAll(E_MAIL, ADDRESS)
    .trim();
}

export function withoutAddresses(text: string): string {
  return text.replaceAll(E_MAIL, ADDRESS);
}

/** Bounded, so that a long text without one is read in a time that grows with its length only. */
const E_MAIL = /[^\s@<>()[\],;:"'`|]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63}){1,8}/gi;
