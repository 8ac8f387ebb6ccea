/** Dates and times as the reader's language writes them. */

export interface MomentFormats {
  /** Of a moment of today */
  time: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  /** Of a moment of this year */
  moment: Intl.DateTimeFormat;
  momentOfAnotherYear: Intl.DateTimeFormat;
  full: Intl.DateTimeFormat;
}

const time = { hour: 'numeric', minute: '2-digit' } as const;
const day = { day: 'numeric', month: 'short' } as const;

/** Making one takes longer than all that a row of the queue is drawn with. */
const made = new Map<string, MomentFormats>();

export function momentFormats(locale: string): MomentFormats {
  const known = made.get(locale);
  if (known) return known;
  const formats = {
    time: new Intl.DateTimeFormat(locale, time),
    day: new Intl.DateTimeFormat(locale, day),
    moment: new Intl.DateTimeFormat(locale, { ...day, ...time }),
    momentOfAnotherYear: new Intl.DateTimeFormat(locale, { ...day, year: 'numeric', ...time }),
    full: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }),
  };
  made.set(locale, formats);
  return formats;
}
