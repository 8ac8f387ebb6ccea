/**
 * Reads an instant as RFC 3339, ISO 8601 and helpdesks write it: `2026-11-23T09:14:00Z`, `2026-11-23 09:14:00.123456+02:00`,
 * `2026-11-23T09:14:00.000+0000` (Jira), `2026-11-23t09:14z`, `2026-11-23T09:14:00-05`. Digits after the milliseconds are
 * dropped; a leap second is the first of the next minute.
 *
 * @returns the instant; or what is wrong, as the end of "the date …"
 */
export function readInstant(text: string): Date | string {
  const match = pattern.exec(text);
  if (!match) return 'must be an ISO 8601 date with a time zone, such as 2026-11-23T09:14:00Z';
  const { zone, fraction = '' } = match.groups ?? {};
  if (zone === undefined) return 'must have a time zone: append Z or an offset such as +02:00';
  const part = (name: string): number => Number(match.groups?.[name] ?? 0);
  const [year, month, day] = [part('year'), part('month'), part('day')];
  const [hour, minute, second] = [part('hour'), part('minute'), part('second')];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = month >= 1 && day >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay) return 'must be a day of the calendar';
  if (hour > 23 || minute > 59 || second > 60) return 'must have a time of day between 00:00 and 23:59';
  const offset = offsetMinutes(zone);
  if (offset === null) return 'must have an offset from UTC between -23:59 and +23:59';
  date.setUTCHours(hour, minute - offset, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  return date;
}

const pattern =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[Tt ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,100}))?)? ?(?<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?$/;

/** Minutes east of UTC; null if it is out of range */
function offsetMinutes(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', ''))];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (60 * hours + minutes);
}
