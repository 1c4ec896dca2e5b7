import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMarkdown, toTicket } from '../../page/src/share.ts';
import { launchDarkly, unleash } from './support/changes.ts';

const href = 'https://gateway.example/flags/events/abc?env=production';
const VENDOR = 'https://app.example/flags/checkout';

function entry(comment: string | null, actor: string | null = 'Ada Lovelace') {
  return {
    ...{ id: 'e', title: '', description: null, url: null, changes: null, comment },
    actor: actor === null ? null : { name: actor, kind: 'PERSON' as const },
  };
}

const ofLaunchDarkly = (more: Parameters<typeof launchDarkly>[0] = {}, auditLogEntry = entry('Launch day')) => ({
  ...launchDarkly({ url: VENDOR, impact: { size: 'LARGE', percentage: 90, reason: null, evaluationsSummary: null } }),
  ...{ description: '', actions: [], eventId: '1', experiments: null },
  ...more,
  auditLogEntry,
});

const ofUnleash = (more: Parameters<typeof unleash>[0] = {}) => ({
  ...unleash(),
  ...{ eventId: '1', data: null, preData: null, tags: [] },
  ...more,
});

/** One text in every place that has somebody else's words. */
const all = (text: string, url: string | null = VENDOR) =>
  ofLaunchDarkly(
    {
      title: text,
      flag: { id: 'f', key: text },
      project: { key: text },
      environment: { key: text },
      source: { id: 's', name: text, vendor: 'LAUNCHDARKLY' },
      url,
    },
    entry(text, text),
  );

describe('a change in a chat', () => {
  it('is a link with what is to be known about it', () => {
    expect(toMarkdown(ofLaunchDarkly(), { href })).toMatchInlineSnapshot(`
      "[Turned on: checkout](https://gateway.example/flags/events/abc?env=production)

      - When: 2026-11-23 14:05:00.000 UTC
      - Flag: checkout
      - Environment: production
      - Project: shop
      - Who: Ada Lovelace
      - Why: Launch day
      - Impact: Large impact: 90 % of users get another variation
      - Source: launchdarkly
      - [Open in launchdarkly](https://app.example/flags/checkout)"
    `);
  });

  it('has no line for what is not known', () => {
    const bare = { flag: null, project: null, environment: null, actor: null };
    expect(toMarkdown(ofUnleash(bare), { href })).toMatchInlineSnapshot(`
      "[Turned on](https://gateway.example/flags/events/abc?env=production)

      - When: 2026-11-23 14:05:00.000 UTC
      - Source: unleash"
    `);
    expect(toMarkdown(ofLaunchDarkly(bare, entry(' \n', null)), { href })).not.toContain('Why');
  });

  const HOSTILE = [
    '](http://evil.example)',
    '[click](http://evil.example)',
    '[click][1]\n\n[1]: http://evil.example',
    '![](https://evil.example/pixel.png)',
    '<img src=https://evil.example/pixel.png>',
    '<https://evil.example>',
    '<!channel> <@U012AB3CD>',
    'https://evil.example HTTP://evil.example ftp://evil.example',
    'www.evil.example WWW.evil.example',
    'mail evil@evil.example',
    '@here @channel @ada',
    '#123 owner/repo#1',
    'a\n\n# Heading\n- list\r\n> quote\u2028---',
    '``` `code` ~~~',
    '**bold** __bold__ ~~gone~~ ||spoiler||',
    '&lt;img&gt; &#91;x&#93;(y)',
    '\\](http://evil.example) \\\\](http://evil.example)',
    '$x$ {{x}} | a | b |',
    '\u202egpj.exe',
    // Parsers that take what is escaped for the target of another link.
    ']([)',
  ];

  it.for(HOSTILE)('makes nothing of others’ words: %j', (text) => {
    expectNothingActive(toMarkdown(all(text), { href }), [href, VENDOR]);
  });

  it('makes nothing of others’ words, however they are put together', () => {
    const pieces = fc.constantFrom(
      ...['\\', '`', '*', '_', '[', ']', '(', ')', '<', '>', '!', '#', '&', '|', '~', '$', '{', '}', '-', '+', '='],
      ...['\n', ' ', '@', 'www.', 'http', ':', '//', 'a', '1', '\u200b', '\u202e', '\u0085'],
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expectNothingActive(toMarkdown(all(`x${text}`), { href }), [href, VENDOR]);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves plain names as they are', () => {
    const [headline] = toMarkdown(ofLaunchDarkly({ flag: { id: 'f', key: 'shop.new-checkout:v2/ü + 1!' } }), {
      href,
    }).split('\n');
    expect(headline).toBe(`[Turned on: shop.new-checkout:v2/ü + 1!](${href})`);
  });

  it('has links that end where they should', () => {
    const hostile = 'https://app.example/a)(b<c>?`d`\\e f\n[g](h)';
    const text = toMarkdown(ofLaunchDarkly({ url: hostile }), { href: `${href}&flag=(a)` });
    expect(text.split('\n')[0]).toBe(`[Turned on: checkout](${href}&flag=%28a%29)`);
    expect(text.split('\n').at(-1)).toMatch(
      /^- \[Open in launchdarkly\]\(https:\/\/app\.example\/a%29%28b[^\s()<>`\\]*\)$/,
    );
  });

  it.for([
    null,
    '',
    'javascript:alert(1)',
    'JavaScript:alert(1)//https://app.example',
    ' java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    '//evil.example',
    '/relative',
    'https://',
    'not a url',
  ])('has no link to the vendor but to a page: %j', (url) => {
    const change = ofLaunchDarkly({ url });
    expect(toMarkdown(change, { href })).not.toContain('Open in');
    expect(toTicket(change, { href })).not.toContain('At the vendor');
  });
});

/** Makes nothing of what is escaped; of what is left, nothing but our own links may mean anything. */
function expectNothingActive(markdown: string, links: readonly string[]): void {
  const left = markdown.replaceAll(/\\[!-/:-@[-`{-~]/g, '¶');
  const targets: string[] = [];
  const [first = '', blank, ...facts] = left.split('\n').map((line) =>
    line.replace(/^(- )?\[([^[\]]*)\]\(([^()]*)\)$/, (_, dash = '', words, to) => {
      targets.push(to);
      return `${dash}${words}`;
    }),
  );
  expect(targets).toEqual(links);
  expect(blank).toBe('');
  expect(facts.every((line) => /^- /.test(line))).toBe(true);
  const words = [first, ...facts.map((line) => line.slice(2))].join('\n');
  expect(words).not.toMatch(/[\\`*_[\]()<>|~&$]|:\/\/|www\.|[@#](?!\u200b)|[\u0080-\u009f\u2028\u2029\u202a-\u202e]/i);
}

describe('a change in a ticket', () => {
  it('is plain text', () => {
    expect(toTicket(ofLaunchDarkly(), { href })).toMatchInlineSnapshot(`
      "Turned on: checkout

      When: 2026-11-23 14:05:00.000 UTC
      What: Enabled
      Flag: checkout
      Environment: production
      Project: shop
      Who: Ada Lovelace
      Why: Launch day
      Impact: Large impact: 90 % of users get another variation
      Source: launchdarkly
      Link: https://gateway.example/flags/events/abc?env=production
      At the vendor: https://app.example/flags/checkout"
    `);
  });

  it('has one line for each fact, whatever is in it', () => {
    const texts = fc.string({ unit: 'binary' }).map((text) => `x${text}\r\n\u2028\u0085\u202ey`);
    fc.assert(
      fc.property(texts, (text) => {
        const lines = toTicket(all(text, 'https://app.example/a\nWho: Eve\u2028b'), { href }).split(
          /[\n\r\u2028\u2029\u0085]/,
        );
        const names = ['When', 'What', 'Flag', 'Environment', 'Project', 'Who', 'Why', 'Impact', 'Source', 'Link'];
        expect(lines.slice(2).map((line) => line.split(': ')[0])).toEqual([...names, 'At the vendor']);
        expect(lines.every((line) => !line.includes('\u202e'))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('names who acted by the audit log, which knows better', () => {
    const who = (change: Parameters<typeof toTicket>[0]) => /^Who: (.*)$/m.exec(toTicket(change, { href }))?.[1];
    expect(who(ofLaunchDarkly())).toBe('Ada Lovelace');
    expect(who(ofLaunchDarkly({}, entry(null, null)))).toBe('Ada');
    expect(who(ofUnleash())).toBe('Ada');
  });
});
