import type { TFunction } from 'i18next';

const words = [
  [0.9, 'veryLikely'],
  [0.7, 'likely'],
  [0.3, 'possible'],
  [0.1, 'lessLikely'],
] as const;

/** The name of the word for a probability. */
export const wordOf = (probability: number) =>
  words.find(([atLeast]) => probability >= atLeast)?.[1] ?? ('unlikely' as const);

/** A probability as a number that does not pretend to be certain. */
export function likelihood(t: TFunction, probability: number): string {
  if (probability < 0.01) return t('likelihood.under');
  if (probability > 0.99) return t('likelihood.over');
  return t('likelihood.percent', { percent: Math.round(probability * 100) });
}
