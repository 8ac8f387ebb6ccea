const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' });

/** The time of a moment of today, the day of an older one; all of it for whoever points at it. */
export function When({ iso }: { iso: string }) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={iso} title={full.format(date)}>
      {(isToday ? time : day).format(date)}
    </time>
  );
}
