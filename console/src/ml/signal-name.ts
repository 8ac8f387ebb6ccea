import type { useTranslation } from 'react-i18next';
import type { GlossaryTerm } from '../ui/glossary/terms.js';

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

/** The display name of a signal; a structured field has its own name. */
export function signalName(t: Translate, name: string): string {
  const known = signals.find((one) => one === name);
  if (known) return t(`signal.${known}`);
  const [, field = name, missing] = name.split(':');
  return missing ? t('signal.fieldMissing', { field }) : t('signal.field', { field });
}

const terms: Record<(typeof signals)[number], GlossaryTerm> = {
  together: 'alarm-threshold',
  embedding: 'embedding-drift',
  template: 'distribution-of-a-category',
  contactType: 'distribution-of-a-category',
  confidence: 'confidence',
  entropy: 'prediction-entropy',
  abstention: 'abstention-rate',
  channel: 'distribution-of-a-category',
  language: 'distribution-of-a-category',
  words: 'ticket-length',
  unknownWords: 'oov-rate',
  empty: 'empty-text-rate',
  acceptance: 'top-1-acceptance-rate',
  hits3: 'hit3',
  accuracy: 'holdout-accuracy',
  calibration: 'calibration-gap',
  volume: 'daily-ticket-volume',
};

export function signalTerm(name: string): GlossaryTerm {
  const known = signals.find((one) => one === name);
  if (known) return terms[known];
  return name.endsWith(':missing') ? 'missing-rate' : 'change';
}

/** Units of the service, and their messages */
const units = {
  'share of out-of-distribution tickets': 'outOfDistribution',
  'share of tickets beyond the 95th reference percentile': 'beyondReference',
  'share of tickets': 'tickets',
  distance: 'distance',
  probability: 'confidence',
  nats: 'nats',
  words: 'words',
  'share of words': 'wordShare',
  'share of choices': 'choices',
  'share of labels': 'labels',
  'share of audit labels': 'holdoutLabels',
  'times the baseline': 'timesBaseline',
  'of the alarm threshold': 'alarmThreshold',
} as const;

const isUnit = (unit: string): unit is keyof typeof units => Object.hasOwn(units, unit);

export const unitName = (t: Translate, unit: string): string => (isUnit(unit) ? t(`unit.${units[unit]}`) : unit);

/** Whether the unit is a share or a probability, shown in percentage points. */
export const isShare = (unit: string): boolean => unit.startsWith('share') || unit === 'probability';
