/** Result of one test of one signal in one slice. */
export interface Finding {
  /** `embedding`, `template`, `field:country` …: a name of `signals` */
  signal: string;
  slice: Slice;
  statistic: number;
  /** Of a window test, 0 < p ≤ 1; null for a sequential detector */
  pValue: number | null;
  /** Of a sequential detector; null for a window test */
  evidence: number | null;
  alarm: boolean;
  /** Change in the signal's own unit, with its 95 % interval */
  effect: { value: number; low: number; high: number; unit: string };
  /** One sentence */
  explanation: string;
}

export interface Slice {
  by: 'all' | 'channel' | 'language' | 'contactType';
  /** Empty for `all` */
  value: string;
}
