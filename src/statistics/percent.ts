/** Shares (0–1) as percent: rounded numbers for figures and JSON, text for sentences. */

/** Two digits resolve 0.01 percentage points. */
export function toPercent(share: number, digits: 1 | 2 = 2): number {
  const scale = 10 ** digits;
  return Math.round(share * (100 * scale)) / scale;
}

/** @returns `part` of `whole` in percent, two digits; 0 of nothing */
export const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 100;

/** `0.123` → `12.3%` */
export const formatPercent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** A difference of two shares in percentage points: `0.123` → `12.3 pp` */
export const formatPoints = (difference: number): string => `${(100 * difference).toFixed(1)} pp`;
