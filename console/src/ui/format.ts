/** Number, percent and date formats of the reader's language. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { localeOf } from '../service/language.js';
import { momentFormats } from './moments.js';

export interface Format {
  /** @param value of 0–100 */
  percent: (value: number, digits?: number) => string;
  /** @param value of 0–1 */
  share: (value: number, digits?: number) => string;
  points: (value: number, digits?: number) => string;
  number: (value: number, digits?: number) => string;
  /** With at most three digits after the point */
  rounded: (value: number) => string;
  moment: (iso: string) => string;
  /** As it is, but for a moment */
  text: (text: string) => string;
  /** A point on an axis of time: the day where it begins, else the time of day */
  tick: (ms: number) => string;
  /** From one moment to another, in its two largest units */
  duration: (from: string, to: string | number) => string;
}

/** The same one until the language changes. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => formatOf(localeOf(i18n.language)), [i18n.language]);
}

export function formatOf(locale: string): Format {
  const write = (value: number, options: Intl.NumberFormatOptions): string =>
    // Locales have a hyphen where a minus sign belongs, which is as wide as the plus.
    value.toLocaleString(locale, options).replace('-', '\u2212');
  const number = (value: number, digits = 0): string =>
    write(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'negative' });
  // `94.8%` in English, `94,8 %` in German
  const percentSign = (0).toLocaleString(locale, { style: 'percent' }).replace(/\d/, '');
  const percent = (value: number, digits = 1): string => `${number(value, digits)}${percentSign}`;
  const moments = momentFormats(locale);
  const moment = (iso: string): string => {
    const date = new Date(iso);
    const isThisYear = date.getFullYear() === new Date().getFullYear();
    return (isThisYear ? moments.moment : moments.momentOfAnotherYear).format(date);
  };
  return {
    number,
    percent,
    share: (value, digits) => percent(100 * value, digits),
    points: (value, digits = 1) =>
      write(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'exceptZero' }),
    rounded: (value) => write(value, { maximumFractionDigits: 3 }),
    moment,
    text: (text) => (/^\d{4}-\d\d-\d\dT/.test(text) ? moment(text) : text),
    tick: (ms) => {
      const date = new Date(ms);
      return (date.getHours() + date.getMinutes() === 0 ? moments.day : moments.time).format(date);
    },
    duration: (from, to) => duration((new Date(to).getTime() - Date.parse(from)) / 1000),
  };
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
