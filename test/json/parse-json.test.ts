import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonError, parseJson } from '../../src/json/parse-json.js';

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
