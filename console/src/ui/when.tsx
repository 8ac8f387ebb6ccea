import { useTranslation } from 'react-i18next';
import { localeOf } from '../service/language.js';
import { momentFormats } from './moments.js';

/** The time of a moment of today, the day of an older one; the full date on hover. */
export function When({ iso }: { iso: string }) {
  const { i18n } = useTranslation();
  const format = momentFormats(localeOf(i18n.language));
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={iso} title={format.full.format(date)}>
      {(isToday ? format.time : format.day).format(date)}
    </time>
  );
}
