/** Figures as the reader's language writes them. */
import { useTranslation } from 'react-i18next';

export interface Format {
  /** @param value of 0–100 */
  percent: (value: number, digits?: number) => string;
  /** @param value of 0–1 */
  share: (value: number, digits?: number) => string;
  points: (value: number, digits?: number) => string;
  number: (value: number, digits?: number) => string;
  moment: (iso: string) => string;
  /** From one moment to another, in its two largest units */
  duration: (from: string, to: string | number) => string;
}

export function useFormat(): Format {
  const { i18n } = useTranslation();
  return formatOf(i18n.language);
}

export function formatOf(language: string): Format {
  const number = (value: number, digits = 0): string =>
    value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const percent = (value: number, digits = 1): string => `${number(value, digits)}\u00a0%`;
  return {
    number,
    percent,
    share: (value, digits) => percent(100 * value, digits),
    points: (value, digits = 1) =>
      value.toLocaleString(language, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        signDisplay: 'exceptZero',
      }),
    moment: (iso) => momentOf(new Date(iso), language),
    duration: (from, to) => duration((new Date(to).getTime() - Date.parse(from)) / 1000),
  };
}

/** The year only where it is another. */
function momentOf(date: Date, language: string): string {
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
  if (date.getFullYear() !== new Date().getFullYear()) options.year = 'numeric';
  return date.toLocaleString(language, { ...options, hour12: false });
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
