/** One change as text: for a chat, and for a ticket. */
import type { PageChangeQuery } from './generated/graphql.ts';
import { describeImpact } from './impact.ts';
import { kindName } from './kinds.ts';
import { showUtc } from './moment.ts';

type Told = Extract<NonNullable<PageChangeQuery['node']>, { title: string }>;

export function toMarkdown(change: Told, { href }: { href: string }): string {
  const [first, ...more] = factsOf(change).filter(([name]) => name !== 'What');
  const facts = [first, ...more].flatMap((fact) => (fact ? [`- ${fact[0]}: ${escapeMarkdown(fact[1])}`] : []));
  return [`[${escapeMarkdown(headline(change))}](${toTarget(href)})`, '', ...facts, ...vendorLink(change)].join('\n');
}

export function toTicket(change: Told, { href }: { href: string }): string {
  const facts = factsOf(change).map(([name, value]) => `${name}: ${flat(value)}`);
  const vendor = isWeb(change.url) ? [`At the vendor: ${change.url}`] : [];
  return [flat(headline(change)), '', ...facts, `Link: ${href}`, ...vendor].join('\n');
}

function headline({ flag, title }: Told): string {
  return flag ? `${title}: ${flag.key}` : title;
}

function factsOf(change: Told): [string, string][] {
  const entry = change.__typename === 'LaunchDarklyFlagEvent' ? change.auditLogEntry : null;
  const impact = change.__typename === 'LaunchDarklyFlagEvent' ? describeImpact(change.impact) : null;
  const facts: [string, string | null | undefined][] = [
    ['When', showUtc(Date.parse(change.occurredAt))],
    ['What', kindName(change.kind)],
    ['Flag', change.flag?.key],
    ['Environment', change.environment?.key],
    ['Project', change.project?.key],
    ['Who', (entry?.actor ?? change.actor)?.name],
    ['Why', entry?.comment],
    ['Impact', impact],
    ['Source', change.source.name],
  ];
  return facts.flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : []));
}

function vendorLink({ source, url }: Told): string[] {
  return isWeb(url) ? [`- [${escapeMarkdown(`Open in ${source.name}`)}](${toTarget(url)})`] : [];
}

function isWeb(url: string | null): url is string {
  return url !== null && /^https?:\/\//i.test(url);
}

/** Names and comments are others' words: they make no link, no picture, no mark-up, and call nobody. */
function escapeMarkdown(text: string): string {
  return flat(text)
    .replaceAll(/[\\`*_{}[\]()<>#+!|~&-]/g, '\\$&')
    .replaceAll('@', '@\u200b')
    .replaceAll(/(https?):\/\//gi, '$1:\u200b//');
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** What ends a target, or begins another. */
function toTarget(url: string): string {
  return url.replaceAll(/[()<>\s\\]/g, (sign) => encodeURIComponent(sign).replace('(', '%28').replace(')', '%29'));
}
