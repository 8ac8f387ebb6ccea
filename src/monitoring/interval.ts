/** Estimates with their 95 % intervals. */

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

/** A share with Wilson's score interval (JASA 1927), which keeps its promise for few and for extreme ones too. */
export function shareOf(hits: number, of: number): Measured | null {
  if (of === 0) return null;
  const value = hits / of;
  const middle = (value + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((value * (1 - value)) / of + (z * z) / (4 * of * of));
  return {
    value,
    low: Math.min(value, Math.max(0, middle - half)),
    high: Math.max(value, Math.min(1, middle + half)),
    of,
  };
}

/** A mean with the normal interval of its standard error; fewer than two give none. */
export function meanOf({ of, sum, squares }: MeanSums): Measured | null {
  if (of < 2) return null;
  const value = sum / of;
  const variance = Math.max(0, (squares - of * value * value) / (of - 1));
  const half = z * Math.sqrt(variance / of);
  return { value, low: value - half, high: value + half, of };
}
