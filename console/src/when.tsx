import { useTranslation } from 'react-i18next';

const time = { hour: '2-digit', minute: '2-digit' } as const;
const day = { day: 'numeric', month: 'short' } as const;
const full = { dateStyle: 'long', timeStyle: 'short' } as const;

interface Formats {
  time: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  full: Intl.DateTimeFormat;
}

/** Making one takes longer than all that a row of the queue is drawn with. */
const formatsOf = new Map<string, Formats>();

function formats(language: string): Formats {
  const made = formatsOf.get(language) ?? {
    time: new Intl.DateTimeFormat(language, time),
    day: new Intl.DateTimeFormat(language, day),
    full: new Intl.DateTimeFormat(language, full),
  };
  formatsOf.set(language, made);
  return made;
}

/** The time of a moment of today, the day of an older one; all of it for whoever points at it. */
export function When({ iso }: { iso: string }) {
  const { i18n } = useTranslation();
  const format = formats(i18n.language);
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={iso} title={format.full.format(date)}>
      {(isToday ? format.time : format.day).format(date)}
    </time>
  );
}
