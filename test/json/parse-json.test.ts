import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findLargeNumber, JsonError, parseJson } from '../../src/json/parse-json.js';

test('what JSON.parse reads without loss is read the same', () => {
  const exact = fc.json().filter((json) => !/\d{16}|e\+/.test(json));
  fc.assert(
    fc.property(exact, (json) => {
      expect(parseJson(json)).toEqual(JSON.parse(json));
    }),
  );
});

test('two integers that differ stay different, wherever they are', () => {
  const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  fc.assert(
    fc.property(integer, fc.constantFrom(-1n, 1n), fc.constantFrom('', ' ', '\n'), (a, step, space) => {
      const parsed = parseJson(`{"a":${space}${a},"list":[{"b":${space}${a + step}}]}`) as {
        a: unknown;
        list: [{ b: unknown }];
      };
      expect([String(parsed.a), String(parsed.list[0].b)]).toEqual([String(a), String(a + step)]);
    }),
  );
  expect(parseJson('[9007199254740992.0, 9007199254740993.0, 9.007199254740993e15]')).toEqual([
    '9007199254740992.0',
    '9007199254740993.0',
    '9.007199254740993e15',
  ]);
  expect(parseJson('{"a": 1.5e3, "b": 0.12345678901234567, "__proto__": 12345678901234567890}')).toMatchObject({
    a: 1500,
    b: Number('0.12345678901234567'),
  });
});

const errorOf = (text: string): JsonError => {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return error;
  }
  throw new Error(`no JsonError: ${text}`);
};

test('a text is called truncated only where it ends early', () => {
  const whole = '{"a": [true, null, -1.5e3, "x\\u00e4\\n", {"b": false}]}';
  for (let end = 0; end < whole.length; end += 1)
    expect(errorOf(whole.slice(0, end))).toMatchObject({ isTruncated: true });
  for (const text of [
    '\0\0\0\0\x01{"a":1}',
    '{"a":1}}',
    "{'a':1}",
    '{"a":1,}',
    '{"a":}',
    '{"a" 1}',
    '[01]',
    '"a\tb"',
  ]) {
    expect(errorOf(text), text).toMatchObject({ isTruncated: false });
  }
});

test('a mistake has its line and column', () => {
  expect(errorOf('{\n  "a": 1,\n  "b": x\n}')).toMatchObject({ line: 3, column: 8 });
  expect(errorOf('\0{"a":1}').message).toMatch(/^line 1, column 1: /);
});

test('deep nesting is an error of the text, not of the process', () => {
  const deep = '['.repeat(200_000);
  expect(errorOf(`${deep}12345678901234567890${']'.repeat(200_000)}`).message).toBe('nested too deeply');
  expect(errorOf(deep)).toBeInstanceOf(JsonError);
});

test('ids beyond 2^53 keep their digits, so that two of them never become one', () => {
  expect(parseJson('{"a":9007199254740993,"b":9007199254740992,"c":9007199254740991,"d":-9007199254740993}')).toEqual({
    a: '9007199254740993',
    b: '9007199254740992',
    c: 9007199254740991,
    d: '-9007199254740993',
  });
});

test('any integer is read as the digits that were sent', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(), { minLength: 1 }), (integers) => {
      const read = parseJson(`[${integers.join(', ')}]`) as unknown[];
      expect(read.map(String)).toEqual(integers.map(String));
    }),
  );
});

test('everything else is read as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (text, noise) => {
      const string = JSON.stringify(`1234567890123456789 "${noise}\\"`);
      const withDigits = `{"text": ${text}, "long": [${string}, 0.1234567890123456789, -1e-7], "long": 7}`;
      const inexact: unknown[] = [];
      const expected: unknown = JSON.parse(withDigits, (_, value: unknown) => {
        if (Number.isInteger(value) && !Number.isSafeInteger(value)) inexact.push(value);
        return value;
      });
      if (inexact.length === 0) expect(parseJson(withDigits)).toEqual(expected);
    }),
  );
});

test('what JSON.parse refuses is refused', () => {
  const accepts = (parse: (json: string) => unknown, text: string): boolean => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const nearlyJson = fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([text, place, noise]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + noise + text.slice(at + noise.length);
  });
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearlyJson), fc.constantFrom('', ' 12345678901234567890'), (text, digits) => {
      const json = digits ? `[${digits}, ${text}]` : text;
      expect(accepts(parseJson, json)).toBe(accepts(JSON.parse, json));
    }),
  );
  expect(() => parseJson('{"id": 9007199254740993')).toThrow(JsonError);
});

test('the path of a number that loses digits is found, and none where all are exact', () => {
  expect(findLargeNumber('{"a": 5e-324, "b": [1e3, {"c": 9007199254740993}]}')).toEqual(['b', '1', 'c']);
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })), (numbers) => {
      const large = numbers.findIndex((number) => Number.isInteger(number) && !Number.isSafeInteger(number));
      expect(findLargeNumber(JSON.stringify(numbers))).toEqual(large < 0 ? null : [String(large)]);
    }),
  );
});
