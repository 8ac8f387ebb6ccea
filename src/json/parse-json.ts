/** JSON without silent changes: large numbers keep their digits, and an error names its place. */
import { parse } from 'lossless-json';

/** A text that is not JSON. The message names the place and quotes one character at most. */
export class JsonError extends Error {
  override readonly name = 'JsonError';

  constructor(
    /** What is wrong, without the place */
    readonly problem: string,
    /** From 1; null where the place is unknown */
    readonly line: number | null,
    readonly column: number | null,
    /** The text ends before the value is complete */
    readonly isTruncated: boolean,
  ) {
    super(line === null ? problem : `line ${line}, column ${column}: ${problem}`);
  }
}

/**
 * Parses JSON. Numbers that a double can't store exactly, such as the id 9007199254740993, become strings of their digits:
 * two ids stay two, and a schema that requires a number rejects them.
 *
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (!mayHaveLargeNumber.test(text)) return value;
    return parse(text, undefined, { parseNumber: readNumber, onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    if (error instanceof RangeError) throw new JsonError('nested too deeply', null, null, false);
    throw findError(text);
  }
}

/** @returns the path of the first number that a double can't store exactly; null where there is none */
export function findLargeNumber(text: string): string[] | null {
  if (!mayHaveLargeNumber.test(text)) return null;
  const large = Symbol('large');
  // Not null, which the parser takes for no value.
  const parseNumber = (digits: string) => (typeof readNumber(digits) === 'string' ? large : 0);
  const find = (value: unknown): string[] | null => {
    if (value === large) return [];
    if (typeof value !== 'object' || value === null) return null;
    for (const [name, inner] of Object.entries(value)) {
      const path = find(inner);
      if (path !== null) return [name, ...path];
    }
    return null;
  };
  return find(parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue }));
}

/** A number of 16 digits or with an exponent, which may be beyond 2^53. Texts that look like one are parsed slowly, no more. */
const mayHaveLargeNumber = /(?:^|[\s:,[])-?(?:\d{16}|\d[\d.]*e)/i;

/** @returns the number; its digits where it is an integer beyond 2^53 or not finite */
export function readNumber(digits: string): number | string {
  const value = Number(digits);
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value)) ? value : digits;
}

/** Places the error: the messages of JSON.parse have no position for short texts. */
function findError(text: string): JsonError {
  let problem: string;
  try {
    parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue });
    problem = 'not JSON';
  } catch (error) {
    problem = (error as Error).message;
  }
  const [, what = problem, place] = /^(.*?)(?: at position (\d+))?$/s.exec(problem) ?? [];
  if (place === undefined) return new JsonError('not valid JSON', null, null, false);
  const position = Number(place);
  const rest = text.slice(position).trimEnd();
  const isTruncated =
    rest === '' || /^\\(u[\da-f]{0,3})?$/i.test(rest) || keywords.some((word) => word.startsWith(rest));
  const before = text.slice(0, position).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return new JsonError(isTruncated ? 'the text ends early' : what, before.length, column, isTruncated);
}

const keywords = ['true', 'false', 'null'];
