import { useTranslation } from 'react-i18next';

const time = { hour: '2-digit', minute: '2-digit' } as const;
const day = { day: 'numeric', month: 'short' } as const;
const full = { dateStyle: 'long', timeStyle: 'short' } as const;

/** The time of a moment of today, the day of an older one; all of it for whoever points at it. */
export function When({ iso }: { iso: string }) {
  const { i18n } = useTranslation();
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={iso} title={date.toLocaleString(i18n.language, full)}>
      {date.toLocaleString(i18n.language, isToday ? time : day)}
    </time>
  );
}
