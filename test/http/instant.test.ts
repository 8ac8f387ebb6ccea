import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readInstant } from '../../src/http/instant.js';

const read = (text: string): string => {
  const instant = readInstant(text);
  return instant instanceof Date ? instant.toISOString() : instant;
};

test.each([
  ['2026-11-23T09:14:00Z', '2026-11-23T09:14:00.000Z'],
  ['2026-11-23T09:14:00.000+0000', '2026-11-23T09:14:00.000Z'],
  ['2026-11-23T09:14Z', '2026-11-23T09:14:00.000Z'],
  ['2026-11-23T09:14:00+05', '2026-11-23T04:14:00.000Z'],
  ['2026-11-23T09:14:00-05:00', '2026-11-23T14:14:00.000Z'],
  ['2026-11-23t09:14:00z', '2026-11-23T09:14:00.000Z'],
  ['2026-11-23 09:14:00+00:00', '2026-11-23T09:14:00.000Z'],
  ['2026-11-23 09:14:00 -0330', '2026-11-23T12:44:00.000Z'],
  ['2026-11-23T09:14:00.123456789Z', '2026-11-23T09:14:00.123Z'],
  ['2026-11-23T09:14:00.5Z', '2026-11-23T09:14:00.500Z'],
  ['2026-11-23T09:14:00,25Z', '2026-11-23T09:14:00.250Z'],
  ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z'],
  ['2028-02-29T00:00:00-00:00', '2028-02-29T00:00:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each([
  ['2026-11-23T09:14:00', /time zone/],
  ['2026-11-23 09:14', /time zone/],
  ['2026-11-23', /ISO 8601/],
  ['23.11.2026 09:14Z', /ISO 8601/],
  ['2026-11-23T09:14:00 CET', /ISO 8601/],
  ['2026-02-29T00:00:00Z', /day of the calendar/],
  ['2026-13-01T00:00:00Z', /day of the calendar/],
  ['2026-11-00T00:00:00Z', /day of the calendar/],
  ['2026-11-23T24:00:00Z', /time of day/],
  ['2026-11-23T09:60:00Z', /time of day/],
  ['2026-11-23T09:14:00+24:00', /offset/],
  ['2026-11-23T09:14:00+01:60', /offset/],
  ['', /ISO 8601/],
])('%s is refused', (text, problem) => {
  expect(read(text)).toMatch(problem);
});

test('an instant is the same in whatever offset and form it is written', () => {
  const date = fc.date({
    min: new Date('1970-01-02T00:00:00Z'),
    max: new Date('2999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(
      date,
      fc.integer({ min: -1439, max: 1439 }),
      fc.constantFrom('T', 't', ' '),
      fc.constantFrom('', ':'),
      (instant, offset, separator, colon) => {
        const local = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1).replace('T', separator);
        const two = (value: number): string => String(value).padStart(2, '0');
        const minutes = Math.abs(offset);
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
        expect(read(`${local}${zone}`)).toBe(instant.toISOString());
      },
    ),
  );
});
