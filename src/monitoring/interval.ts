/** Estimates with their 95 % intervals. */
import { shareInterval } from '../models/share-interval.js';

export interface Measured {
  value: number;
  low: number;
  high: number;
  /** How many it rests on */
  of: number;
}

export interface MeanSums {
  of: number;
  sum: number;
  /** Sum of the squares */
  squares: number;
}

const z = 1.959964;

/** A share with Wilson's score interval. */
export function shareOf(hits: number, of: number): Measured | null {
  if (of === 0) return null;
  const [low, high] = shareInterval(hits, of);
  return { value: hits / of, low, high, of };
}

/** A mean with the normal interval of its standard error; fewer than two give none. */
export function meanOf({ of, sum, squares }: MeanSums): Measured | null {
  if (of < 2) return null;
  const value = sum / of;
  const variance = Math.max(0, (squares - of * value * value) / (of - 1));
  const half = z * Math.sqrt(variance / of);
  return { value, low: value - half, high: value + half, of };
}
