/** What the service says in English, in the reader's language where the page has that. */
import i18next from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { localeOf } from '../service/language.js';
import german from '../messages/sayings.de.json';
import type { components } from '../service/openapi.js';
import { formatOf, type Format } from '../ui/format.js';
import { signalName } from './signal-name.js';

export type Saying = components['schemas']['Saying'];

/** @param saying missing where an older version of the service said it */
export type SaidBy = (sentence: string, saying?: Saying | null) => string;

/** @param by who says it: the monitor with its alerts and decisions, the gates of a promotion, or the registry of models */
export function useSaid(by: 'monitor' | 'gates' | 'models'): SaidBy {
  const { t, i18n } = useTranslation('sayings');
  return useCallback(
    (sentence, saying) => {
      // The service may know more of them than this page.
      const key = `${by}.${saying?.key ?? ''}` as 'monitor.no-alarm';
      // A default would be searched for gaps, and a sentence may have words of a ticket in it.
      return saying && i18n.exists(key, { ns: 'sayings' }) ? t(key, { replace: saying.values }) : sentence;
    },
    [by, t, i18n],
  );
}

const figures = {
  share: (value, { share }) => share(value),
  points: (value, { rounded }) => rounded(Math.round(1000 * value) / 10),
  signed: (value, { points }) => points(100 * value),
  figure: (value, { rounded }) => rounded(Math.round(100 * value) / 100),
  hours: (value, { number }) => number(value, 1),
  exact: (value, { number }) => number(value, 3),
} satisfies Record<string, (value: number, format: Format) => string>;

/** The sayings, and what a gap of one may be written as, `{{now, share}}`. */
export function addSayings(): void {
  i18next.addResourceBundle('de', 'sayings', german);
  const { formatter } = i18next.services;
  for (const [name, write] of Object.entries(figures)) {
    formatter?.add(name, (value: unknown, language = 'en') =>
      typeof value === 'number' ? write(value, formatOf(localeOf(language))) : '–',
    );
  }
  const t = i18next.getFixedT(null, 'engineers');
  formatter?.add('signal', (value: string) => signalName(t, value));
  formatter?.add('action', (value: string) => t(`action.${value}` as 'action.none'));
  formatter?.add('slice', (value: string) => t(`slice.${value}` as 'slice.all'));
  formatter?.add('mode', (value: string) => i18next.t(`models.${value}` as 'models.canary', { ns: 'sayings' }));
  formatter?.add('cause', (value: string) => {
    const [kind = '', ...subject] = value.split(':');
    const name = i18next.t(`cause.${kind}` as 'cause.volume', { ns: 'sayings', defaultValue: kind });
    return subject.join(':') === '' ? name : `${name} (${subject.join(':')})`;
  });
  formatter?.add('day', (value: string, language = 'en') =>
    new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(value)),
  );
}
