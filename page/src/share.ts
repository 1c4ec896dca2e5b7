/** One change as text: for a chat, and for a ticket. */
import type { PageChangeQuery } from './generated/graphql.ts';
import { describeImpact } from './impact.ts';
import { kindName } from './kinds.ts';
import { showUtc } from './moment.ts';
import { whyOf } from './rows.ts';

/** A change as far as it can be told of, whichever vendor's it is. */
export type Told = Extract<NonNullable<PageChangeQuery['node']>, { title: string }>;

export function toMarkdown(change: Told, { href }: { href: string }): string {
  // What is in the headline.
  const facts = factsOf(change).filter(([name]) => name !== 'What');
  const url = toWeb(change.url);
  return [
    `[${escapeMarkdown(headline(change))}](${toTarget(href)})`,
    '',
    ...facts.map(([name, value]) => `- ${name}: ${escapeMarkdown(value)}`),
    ...(url ? [`- [${escapeMarkdown(`Open in ${change.source.name}`)}](${toTarget(url)})`] : []),
  ].join('\n');
}

export function toTicket(change: Told, { href }: { href: string }): string {
  const facts = factsOf(change).map(([name, value]) => `${name}: ${value}`);
  const url = toWeb(change.url);
  return [flat(headline(change)), '', ...facts, `Link: ${href}`, ...(url ? [`At the vendor: ${url}`] : [])].join('\n');
}

/** What a change is called where it stands alone. */
export function headline({ flag, title }: Told): string {
  return flag ? `${title}: ${flag.key}` : title;
}

/** Who did it: the audit log names tokens and apps, too. */
export function actorOf(change: Told): Told['actor'] {
  const entry = change.__typename === 'LaunchDarklyFlagEvent' ? change.auditLogEntry : null;
  return entry?.actor ?? change.actor;
}

function factsOf(change: Told): [string, string][] {
  const impact = change.__typename === 'LaunchDarklyFlagEvent' ? describeImpact(change.impact) : null;
  const facts: [string, string | null | undefined][] = [
    ['When', showUtc(Date.parse(change.occurredAt))],
    ['What', kindName(change.kind)],
    ['Flag', change.flag?.key],
    ['Environment', change.environment?.key],
    ['Project', change.project?.key],
    ['Who', actorOf(change)?.name],
    ['Why', whyOf(change)],
    ['Impact', impact],
    ['Source', change.source.name],
  ];
  return facts.map(([name, value]): [string, string] => [name, flat(value ?? '')]).filter(([, value]) => value !== '');
}

/** On one line, and `null` if a browser would do anything else than open a page. */
export function toWeb(url: string | null): string | null {
  const { href, protocol } = url !== null && URL.canParse(url) ? new URL(url) : {};
  return href !== undefined && (protocol === 'https:' || protocol === 'http:') ? href : null;
}

/** Names and comments are others' words: they make no link, no picture, no mark-up, and call nobody. */
function escapeMarkdown(text: string): string {
  return (
    flat(text)
      // What means something at the beginning of a line only stands at none.
      .replaceAll(/[\\`*_[\]()<>|~&$]/g, '\\$&')
      // Addresses, people and numbers become links without any mark-up.
      .replaceAll(/[@#]|:(?=\/\/)|www(?=\.)/gi, '$&\u200b')
  );
}

/** Without what begins another line, or turns the order of the letters round. */
function flat(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}

/** What ends a target, or begins another. */
function toTarget(url: string): string {
  return url.replaceAll(/[()<>\\`]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
