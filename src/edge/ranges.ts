/** Reads headers such as `accept` and `accept-encoding`: values in a client's order, with parameters and a quality. */

export interface Range {
  /** In lower case, without parameters. */
  value: string;
  /** From 0 (not acceptable) to 1. */
  quality: number;
  /** The other parameters, names in lower case, quotes removed. */
  parameters: ReadonlyMap<string, string>;
}

/** A part between commas or semicolons that are not quoted. */
const parts = (separator: ',' | ';') => new RegExp(`(?:"(?:[^"\\\\]|\\\\.)*"|[^"${separator}])+`, 'g');
const [BETWEEN_COMMAS, BETWEEN_SEMICOLONS] = [parts(','), parts(';')];

/** What cannot be read has no parameters or, for its quality, 0. */
export function readRanges(header: string): Range[] {
  return (header.match(BETWEEN_COMMAS) ?? []).flatMap((part) => {
    const [value = '', ...rest] = (part.match(BETWEEN_SEMICOLONS) ?? []).map((each) => each.trim());
    if (value === '') return [];
    const parameters = new Map(rest.map(readParameter));
    const quality = readQuality(parameters.get('q'));
    parameters.delete('q');
    return [{ value: value.toLowerCase(), quality, parameters }];
  });
}

function readParameter(text: string): [name: string, value: string] {
  const [name = '', ...value] = text.split('=');
  return [
    name.trim().toLowerCase(),
    value
      .join('=')
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

function readQuality(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(0(\.\d*)?|1(\.0*)?)$/.test(text) ? Number(text) : 0;
}
