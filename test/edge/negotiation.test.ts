import { describe, expect, it } from 'vitest';
import { negotiate } from '../../src/edge/negotiation.ts';

const JSON_ONLY = 'application/json';
const RESPONSE = 'application/graphql-response+json';
const MULTIPART = 'multipart/mixed';
const EVENTS = 'text/event-stream';

describe('an answer in parts', () => {
  it.for([
    ['names multipart', MULTIPART, MULTIPART],
    ['names the format of 2022', `${MULTIPART};deferSpec=20220824`, MULTIPART],
    ['names it in quotation marks', `${MULTIPART}; deferSpec="20220824"; q=0.2, */*`, MULTIPART],
    ['names server-sent events', `${EVENTS}, ${JSON_ONLY}`, EVENTS],
    ['prefers server-sent events', `${MULTIPART};q=0.5, ${EVENTS}`, EVENTS],
    ['names both', `${EVENTS}, ${MULTIPART}`, MULTIPART],
    ['names an unknown format and a known one', `${MULTIPART};incrementalSpec=v0.2, ${MULTIPART}`, MULTIPART],
  ] as const)('is for a client that %s', ([, accept, parts]) => {
    expect(negotiate(accept)?.parts).toBe(parts);
  });

  it.for([
    ['says nothing', null],
    ['accepts anything', '*/*'],
    ['accepts anything of a kind', 'multipart/*, text/*'],
    ['is axios', 'application/json, text/plain, */*'],
    ['is jQuery', 'application/json, text/javascript, */*; q=0.01'],
    ['refuses multipart', `${MULTIPART};q=0`],
    ['refuses multipart and accepts anything', `*/*, ${MULTIPART};q=0.0`],
    ['names a newer format', `${MULTIPART};incrementalSpec=v0.2, ${RESPONSE}, ${JSON_ONLY};q=0.9`],
    ['names an unknown format', `${MULTIPART};deferSpec=20990101, ${JSON_ONLY}`],
    ['names only a newer format', `${MULTIPART};incrementalSpec=v0.2`],
    ['has a quality that is none', `${MULTIPART};q=much, ${JSON_ONLY}`],
  ] as const)('is not for a client that %s', ([, accept]) => {
    expect(negotiate(accept)).toMatchObject({ whole: expect.stringMatching(/json$/), parts: null });
  });
});

describe('a whole answer', () => {
  it.for([
    [null, JSON_ONLY],
    ['', JSON_ONLY],
    ['*/*', JSON_ONLY],
    ['application/*', JSON_ONLY],
    [JSON_ONLY, JSON_ONLY],
    [RESPONSE, RESPONSE],
    [`${RESPONSE}, ${JSON_ONLY}`, RESPONSE],
    [`${JSON_ONLY}, ${RESPONSE}`, JSON_ONLY],
    [`${JSON_ONLY};q=0.8, ${RESPONSE};q=0.9`, RESPONSE],
    [`${RESPONSE};q=0.1, ${JSON_ONLY};q=0.2`, JSON_ONLY],
    [`${JSON_ONLY};q=0, */*`, RESPONSE],
    [`*/*;q=0.1, ${MULTIPART}`, JSON_ONLY],
    ['APPLICATION/JSON; Charset="UTF-8"', JSON_ONLY],
    [MULTIPART, MULTIPART],
    [EVENTS, EVENTS],
  ] as const)('for a client that accepts %s is %s', ([accept, whole]) => {
    expect(negotiate(accept)?.whole).toBe(whole);
  });

  it.for(['image/png', 'text/html', 'text/*', '*/*;q=0', `${JSON_ONLY};charset=latin1`, `${JSON_ONLY};q=0, text/html`])(
    'is not for a client that accepts only %s',
    (accept) => {
      expect(negotiate(accept)).toBeNull();
    },
  );
});
