import type { useTranslation } from 'react-i18next';

type Translate = ReturnType<typeof useTranslation<'engineers'>>['t'];

const signals = [
  'together',
  'embedding',
  'template',
  'contactType',
  'confidence',
  'entropy',
  'abstention',
  'channel',
  'language',
  'words',
  'unknownWords',
  'empty',
  'acceptance',
  'hits3',
  'accuracy',
  'calibration',
  'volume',
] as const;

/** What the reader calls a signal; a field is called by its name. */
export function signalName(t: Translate, name: string): string {
  const known = signals.find((one) => one === name);
  if (known) return t(`signal.${known}`);
  const [, field = name, missing] = name.split(':');
  return missing ? t('signal.fieldMissing', { field }) : t('signal.field', { field });
}

const units = [
  'share of tickets unlike any before',
  'share of tickets farther out than 95 % of the reference',
  'share of tickets',
  'distance',
  'probability',
  'nats',
  'words',
  'share of words',
  'share of choices',
  'share of labels',
  'share of audit labels',
  'times the usual',
  'of what raises an alarm',
] as const;

export function unitName(t: Translate, unit: string): string {
  const known = units.find((one) => one === unit);
  return known ? t(`unit.${known}`) : unit;
}

/** Whether it is a share or a probability, told in points. */
export const isShare = (unit: string): boolean => unit.startsWith('share') || unit === 'probability';
