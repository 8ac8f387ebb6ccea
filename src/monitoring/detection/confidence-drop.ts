/**
 * The reference is what models that had held tickets out said of them. The model in service has learned from all, and is surer
 * for that alone: a standing offset, which no number of tickets makes go away. So only less sure is news, of detectors, windows
 * and files alike; what makes a model surer of itself for another reason is seen in what it predicts.
 */
import type { Direction } from './betting-detectors.js';
import type { Finding } from '../observations/finding.js';

/** Which way each signal of certainty moves where the model is less sure */
export const confidenceDropDirections: ReadonlyMap<string, Direction> = new Map([
  ['confidence', 'lower'],
  ['entropy', 'higher'],
  ['abstention', 'higher'],
]);

export function isConfidenceRise({ signal, effect }: Pick<Finding, 'signal' | 'effect'>): boolean {
  const side = confidenceDropDirections.get(signal);
  return side !== undefined && (side === 'lower' ? effect.value > 0 : effect.value < 0);
}
