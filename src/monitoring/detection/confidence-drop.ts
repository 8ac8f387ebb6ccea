/**
 * The reference has out-of-fold predictions. The serving model is trained on all tickets and is more confident for that reason alone:
 * a constant offset. So detectors, window tests and drift of files only report a drop of confidence; a rise for another reason shows
 * in the predictions.
 */
import type { Direction } from './betting-detectors.js';
import type { Finding } from '../observations/finding.js';

/** Direction in which each signal moves when confidence drops */
export const confidenceDropDirections: ReadonlyMap<string, Direction> = new Map([
  ['confidence', 'lower'],
  ['entropy', 'higher'],
  ['abstention', 'higher'],
]);

export function isConfidenceRise({ signal, effect }: Pick<Finding, 'signal' | 'effect'>): boolean {
  const side = confidenceDropDirections.get(signal);
  return side !== undefined && (side === 'lower' ? effect.value > 0 : effect.value < 0);
}
