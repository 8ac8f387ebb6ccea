import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findFormatProblem, readDate, type DateSettings } from '../../src/files/dates.js';

const read = (text: string, settings: DateSettings = {}) => {
  const date = readDate(text, settings, () => 'either');
  return date instanceof Date ? date.toISOString() : date;
};

test('every way to write an instant in ISO 8601 is that instant', () => {
  const instant = fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  const offset = fc.integer({ min: -23 * 60, max: 23 * 60 });
  const choice = fc.record({
    separator: fc.constantFrom('T', 't', ' '),
    colon: fc.constantFrom(':', ''),
    digits: fc.integer({ min: 3, max: 9 }),
    isUtc: fc.boolean(),
  });
  fc.assert(
    fc.property(instant, offset, choice, (date, minutes, { separator, colon, digits, isUtc }) => {
      const local = new Date(date.getTime() + (isUtc ? 0 : minutes) * 60_000).toISOString().slice(0, -1);
      const size = (amount: number): string => String(amount).padStart(2, '0');
      const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      const zone = isUtc ? 'Z' : `${minutes < 0 ? '-' : '+'}${size(hours)}${colon}${size(rest)}`;
      const text = local.replace('T', separator).padEnd(20 + digits, '7') + zone;
      expect(read(text)).toBe(date.toISOString());
    }),
  );
});

test.each([
  'SUP-1',
  'Ticket 12',
  '45623',
  '1685577060',
  '2026-02-30',
  '30 Feb 2026',
  '2026-13-01',
  '2026-11-20 25:00',
  '2026-11-20 13:00 PM',
  '2026-11-20T09:14:00+25:00',
  '11/May/24 3:26 PM',
  '01.06.23',
  '2026',
  'yesterday',
  '31 Brumaire 2024',
])('%s is no date', (text) => {
  expect(read(text)).toMatch(/is not a date; use ISO 8601/);
});

test.each([
  ['31 May 2023 23:51', '2023-05-31T23:51:00.000Z'],
  ['Wed, 31 May 2023 23:51:00 +0200', '2023-05-31T21:51:00.000Z'],
  ['May 31, 2023 1:05 pm', '2023-05-31T13:05:00.000Z'],
  ['2023/05/31 23:51', '2023-05-31T23:51:00.000Z'],
  ['2023-05-31 23:51:00 UTC', '2023-05-31T23:51:00.000Z'],
])('%s has one meaning', (text, instant) => {
  expect(read(text)).toBe(instant);
});

test('a date without a zone is in the zone of the option, in summer and winter', () => {
  const timeZone = 'Europe/Berlin';
  expect(read('2026-11-20 09:14', { timeZone })).toBe('2026-11-20T08:14:00.000Z');
  expect(read('2026-07-20 09:14', { timeZone })).toBe('2026-07-20T07:14:00.000Z');
  expect(read('2026-07-20T09:14:00Z', { timeZone })).toBe('2026-07-20T09:14:00.000Z');
  expect(read('2026-03-29 02:30', { timeZone })).toMatch(/does not exist in Europe\/Berlin/);
  expect(read('29.03.2026 02:30', { timeZone, format: 'dd.MM.yyyy HH:mm' })).toMatch(/does not exist/);
});

test('a format is followed to the letter', () => {
  expect(read('01.06.2023', { format: 'DD.MM.YYYY' })).toBe('2023-06-01T00:00:00.000Z');
  expect(read('06/01/23 3:26 PM', { format: 'MM/dd/yy h:mm a', timeZone: 'America/New_York' })).toBe(
    '2023-06-01T19:26:00.000Z',
  );
  expect(read('1685577060', { format: 'unix' })).toBe('2023-05-31T23:51:00.000Z');
  expect(read('30.02.2023', { format: 'dd.MM.yyyy' })).toMatch(/is not a date in the format dd\.MM\.yyyy/);
  expect(read('2023-06-01', { format: 'dd.MM.yyyy' })).toMatch(/is not a date in the format/);
  expect(findFormatProblem('dd.MM.')).toMatch(/has no year/);
  expect(findFormatProblem('DD/MMM/YY')).toBeNull();
});
