/** People in what a vendor stored: their addresses in a text, and what names them in a state, for readers who may not see it. */
import type { Json } from './decode.ts';
import { plainKey, REDACTED, redactBy } from './redact.ts';

/** What stands in the place of an e-mail address. */
const ADDRESS = '[e-mail address]';

export function withoutAddresses(text: string): string {
  return text.replaceAll(E_MAIL, ADDRESS);
}

/** Bounded, so that a long text without one is read in a time that grows with its length only. */
const E_MAIL = /[^\s@<>()[\],;:"'`|]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63}){1,8}/gi;

/**
 * The value without what names people: properties that hold people or what they wrote, and e-mail addresses wherever they
 * stand. Names in other texts, such as a flag's description, are not found.
 */
export function withoutPeople(value: Json): Json {
  return redactBy({ isSecret: (key, part) => part !== null && holdsPeople(key), toText: withoutAddresses }, value);
}

/** The same for a part of a state, by its place in it. */
export function partWithoutPeople(value: Json, path: readonly (string | number)[]): Json {
  return value !== null && path.some((step) => holdsPeople(String(step))) ? REDACTED : withoutPeople(value);
}

function holdsPeople(key: string): boolean {
  return PEOPLE.test(plainKey(key));
}

/** `values` are those of a condition: keys of users, names, addresses. */
const PEOPLE = new RegExp(
  `^(${[
    '(created|updated|archived|requested|scheduled|invited|applied|approved|rejected)by.*',
    '_?(user|owner|member|maintainer|author|reviewer|approver|actor|inviter)s?(_?(id|name|email|team)s?)?',
    '(e?mail|emailaddress|firstname|lastname|fullname|displayname|imageurl|phone)s?',
    '(approval|rejection|comment)s?',
    '(ip|hostname)s?',
    'values',
  ].join('|')})$`,
);
