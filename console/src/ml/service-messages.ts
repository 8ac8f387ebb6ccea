/** Sentences of the service, in the reader's language: the service has them in English and as a localized message. */
import i18next from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { localeOf } from '../service/language.js';
import german from '../messages/service-messages.de.json';
import type { components } from '../service/openapi.js';
import { formatOf, type Format } from '../ui/format.js';
import { signalName } from './signal-name.js';

export type LocalizedMessage = components['schemas']['LocalizedMessage'];

/** @param message missing in rows of older versions, and where a person wrote the sentence */
export type Localize = (sentence: string, message?: LocalizedMessage | null) => string;

/** @param source the monitor with its alerts and decisions, the promotion gates, or the model registry */
export function useLocalize(source: 'monitor' | 'gates' | 'models'): Localize {
  const { t, i18n } = useTranslation('serviceMessages');
  return useCallback(
    (sentence, message) => {
      // The service may know more messages than this page.
      const key = `${source}.${message?.key ?? ''}` as 'monitor.no-alarm';
      // A default value would be interpolated, and a sentence may contain words of a ticket.
      return message && i18n.exists(key, { ns: 'serviceMessages' }) ? t(key, { replace: message.params }) : sentence;
    },
    [source, t, i18n],
  );
}

const figures = {
  share: (value, { share }) => share(value),
  points: (value, { rounded }) => rounded(Math.round(1000 * value) / 10),
  signed: (value, { points }) => points(100 * value),
  pp: (value, { points }) => points(value, 2),
  figure: (value, { rounded }) => rounded(Math.round(100 * value) / 100),
  hours: (value, { number }) => number(value, 1),
  exact: (value, { number }) => number(value, 3),
} satisfies Record<string, (value: number, format: Format) => string>;

/** The messages, and the formats of their parameters, `{{now, share}}`. */
export function addServiceMessages(): void {
  i18next.addResourceBundle('de', 'serviceMessages', german);
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
  formatter?.add('mode', (value: string) => i18next.t(`mode.${value}` as 'mode.canary', { ns: 'serviceMessages' }));
  formatter?.add('cause', (value: string) => {
    const [kind = '', ...subject] = value.split(':');
    const name = i18next.t(`cause.${kind}` as 'cause.volume', { ns: 'serviceMessages', defaultValue: kind });
    return subject.join(':') === '' ? name : `${name} (${subject.join(':')})`;
  });
  formatter?.add('day', (value: string, language = 'en') =>
    new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(value)),
  );
}
