const words: [atLeast: number, word: string][] = [
  [0.9, 'very likely'],
  [0.7, 'likely'],
  [0.3, 'possible'],
  [0.1, 'less likely'],
];

/** A probability in a word. */
export const inWords = (probability: number): string =>
  words.find(([atLeast]) => probability >= atLeast)?.[1] ?? 'unlikely';

/** A probability as a number that does not pretend to be certain. */
export function inPercent(probability: number): string {
  if (probability < 0.01) return 'under 1 %';
  if (probability > 0.99) return 'over 99 %';
  return `${Math.round(probability * 100)} %`;
}
