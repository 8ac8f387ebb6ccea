/**
 * Dates in files, never guessed: ISO 8601, dates with a named month, or the format that the user gives. A numeric date such as
 * 01-06-2023 is read only where the whole column allows one order of day and month.
 */
import { DateTime, FixedOffsetZone, Info, type Zone } from 'luxon';

export interface DateSettings {
  /** In tokens of Luxon, or `unix` and `unix-ms`; default: ISO 8601 and other dates with one meaning */
  format?: string | undefined;
  /** IANA time zone of dates without one; default: UTC */
  timeZone?: string | undefined;
}

/** Order of day and month in the numeric dates of a column; `either` and `neither`: the column does not determine it. */
export type DayMonthOrder = 'day-first' | 'month-first' | 'either' | 'neither';

const time = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([AP])\.?M\.?)?(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?`;
const pattern = (day: string): RegExp => new RegExp(`^${day}(?:(?:T|,? )${time})?$`, 'i');
const yearFirst = pattern(String.raw`(\d{4})-(\d{2})-(\d{2})`);
const yearFirstSlashes = pattern(String.raw`(\d{4})[/.](\d{1,2})[/.](\d{1,2})`);
const yearLast = pattern(String.raw`(\d{1,2})([-/.])(\d{1,2})\2(\d{4})`);
const namedMonth = pattern(String.raw`(?:[a-z]{3,9},? )?(\d{1,2})[ /-]([a-z]{3,9})\.?[ /-](\d{4})`);
const namedMonthFirst = pattern(String.raw`(?:[a-z]{3,9},? )?([a-z]{3,9})\.? (\d{1,2}),? (\d{4})`);

const advice = 'use ISO 8601, such as 2026-11-23T09:14:00Z, or set --date-format';

interface Parts {
  year: number;
  month: number;
  day: number;
  /** Groups of `time` */
  time: (string | undefined)[];
}

/**
 * Reads a date.
 *
 * @param order of the column, for numeric dates
 * @returns the date, or why it can't be read
 */
export function readDate(text: string, settings: DateSettings, order: () => DayMonthOrder): Date | string {
  const value = text.trim();
  if (settings.format !== undefined) return readByFormat(value, settings.format, settings.timeZone ?? 'UTC');
  const shown = `"${value.slice(0, 40)}"`;
  const parts = isNumericDate(value) ? readNumericDate(value, order()) : readUnambiguous(value);
  if (typeof parts === 'string') return `${shown} ${parts}; ${advice}`;
  const date = parts && toDate(parts, settings.timeZone ?? 'UTC');
  if (date instanceof Date) return date;
  return `${shown} ${date ?? 'is not a date'}; ${advice}`;
}

/** Whether the order of day and month decides what the text means. */
export const isNumericDate = (text: string): boolean => yearLast.test(text.trim());

/** Finds the one order of day and month that all numeric dates of a column allow. */
export class DayMonthOrderFinder {
  private dayFirst = true;
  private monthFirst = true;

  add(text: string): void {
    const [, first, , second] = yearLast.exec(text.trim()) ?? [];
    if (Number(first) > 12) this.monthFirst = false;
    if (Number(second) > 12) this.dayFirst = false;
  }

  get order(): DayMonthOrder {
    if (this.dayFirst) return this.monthFirst ? 'either' : 'day-first';
    return this.monthFirst ? 'month-first' : 'neither';
  }
}

/** @returns the reason why a format can't be used; null where it can */
export function findFormatProblem(format: string): string | null {
  if (unixUnits[format] !== undefined) return null;
  const tokens = toLuxon(format).replaceAll(/'[^']*'/g, '');
  const missing = Object.entries({ day: /d/, month: /[ML]/, year: /y/ }).filter(([, token]) => !token.test(tokens));
  if (missing.length === 0) return null;
  const names = missing.map(([name]) => name).join(' and ');
  return `has no ${names}; use tokens such as dd.MM.yyyy HH:mm, or unix or unix-ms`;
}

export const isTimeZone = (name: string): boolean => Info.isValidIANAZone(name);

const unixUnits: Record<string, number | undefined> = { unix: 1000, 'unix-ms': 1 };

/** DD.MM.YYYY, as most programs write it, is dd.MM.yyyy. */
const toLuxon = (format: string): string =>
  format.replaceAll(/'[^']*'|[DYA]/g, (token) => (token.length === 1 ? token.toLowerCase() : token));

function readByFormat(value: string, format: string, timeZone: string): Date | string {
  const unit = unixUnits[format];
  if (unit !== undefined) {
    const date = new Date(/^\d+(\.\d+)?$/.test(value) ? Math.floor(Number(value) * unit) : NaN);
    return Number.isNaN(date.getTime()) ? `"${value.slice(0, 40)}" is not a date in the format ${format}` : date;
  }
  const luxonFormat = toLuxon(format);
  const date = DateTime.fromFormat(value, luxonFormat, { zone: timeZone, locale: 'en' });
  if (!date.isValid) return `"${value.slice(0, 40)}" is not a date in the format ${format}`;
  // Luxon moves a time that the zone skips when clocks go forward.
  const wall = DateTime.fromFormat(value, luxonFormat, { zone: 'UTC', locale: 'en' });
  const hasOwnZone = /[zZ]/.test(luxonFormat.replaceAll(/'[^']*'/g, ''));
  const hasTime = /[Hh]/.test(luxonFormat);
  if (!hasOwnZone && hasTime && date.hour !== wall.hour) return skipped(value, timeZone);
  return date.toJSDate();
}

const skipped = (value: string, timeZone: string): string =>
  `"${value.slice(0, 40)}" does not exist in ${timeZone}, where clocks went forward; set another --time-zone`;

function readNumericDate(value: string, order: DayMonthOrder): Parts | string {
  const [, first = '', , second = '', year = '', ...rest] = yearLast.exec(value) ?? [];
  if (order === 'either') return 'can be read with the day or the month first, and so can all dates of its column';
  if (order === 'neither') return 'is in a column with both day-first and month-first dates';
  const [day, month] = order === 'day-first' ? [first, second] : [second, first];
  return { year: Number(year), month: Number(month), day: Number(day), time: rest };
}

function readUnambiguous(value: string): Parts | null {
  const numeric = yearFirst.exec(value) ?? yearFirstSlashes.exec(value);
  if (numeric) {
    const [, year, month, day, ...rest] = numeric;
    return { year: Number(year), month: Number(month), day: Number(day), time: rest };
  }
  const dayFirst = namedMonth.exec(value);
  const monthFirst = namedMonthFirst.exec(value);
  const [, first = '', second = '', year, ...rest] = dayFirst ?? monthFirst ?? [];
  const [day, name] = dayFirst ? [first, second] : [second, first];
  const month = monthNumber(name);
  return month === 0 ? null : { year: Number(year), month, day: Number(day), time: rest };
}

const monthNames = [Info.months('short', { locale: 'en' }), Info.months('long', { locale: 'en' })].map((names) =>
  names.map((name) => name.toLowerCase()),
);

/** @returns 0 where it is no English month */
function monthNumber(name: string): number {
  const lower = name.toLowerCase() === 'sept' ? 'sep' : name.toLowerCase();
  return 1 + Math.max(...monthNames.map((names) => names.indexOf(lower)));
}

function toDate(
  { year, month, day, time: [hours, minutes, seconds, fraction, half, offset] }: Parts,
  timeZone: string,
) {
  const hour = hours === undefined ? 0 : to24Hours(Number(hours), half);
  const zone = offset === undefined ? timeZone : offsetZone(offset);
  if (hour === null || zone === null) return 'is not a date';
  const date = DateTime.fromObject(
    {
      year,
      month,
      day,
      hour,
      minute: Number(minutes ?? 0),
      second: Number(seconds ?? 0),
      millisecond: Number((fraction ?? '').padEnd(3, '0').slice(0, 3)),
    },
    { zone },
  );
  if (!date.isValid) return 'is not a date';
  if (hours !== undefined && hour < 24 && date.hour !== hour) {
    return `does not exist in ${timeZone}, where clocks went forward: set another --time-zone`;
  }
  return date.toJSDate();
}

/** @param half `A` or `P`, of AM and PM */
function to24Hours(hour: number, half: string | undefined): number | null {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
}

function offsetZone(offset: string): Zone | null {
  if (/^[A-Z]/i.test(offset)) return FixedOffsetZone.utcInstance;
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return FixedOffsetZone.instance((sign === '-' ? -1 : 1) * (60 * Number(hours) + Number(minutes)));
}
