/**
 * Whether the texts of a window have the topics of the reference: maximum mean discrepancy by random features in several
 * bandwidths (Gretton et al., JMLR 2012; Choi & Kim, arXiv 2407.08976; MMDAgg, Schrab et al., JMLR 2023), and how many tickets
 * are farther from known ones than the reference's own. The most surprising statistic counts, calibrated on windows drawn from the
 * reference itself.
 */
import { shareDifference } from './effects.js';
import { bandwidths, Locator, type EmbeddingSpace } from '../reference/embedding-space.js';
import type { Finding } from '../observations/finding.js';
import {
  addFeatureRow,
  EmbeddingReference,
  EmbeddingRow,
  lowerBound,
  rowFeatures,
  testStatistics,
  maxSurprise,
  tailShares,
} from '../reference/embedding-reference.js';

export interface EmbeddingTestResult {
  pValue: number;
  /** The largest surprise: −log10 of the smallest p-value of any kernel or score */
  statistic: number;
  /** Kind of the statistic with that p-value */
  by: 'kernel' | 'distance';
}

/** Sums over the tickets of a window, which the test uses. */
export class EmbeddingSums {
  tickets = 0;
  readonly sums: Float64Array;
  private readonly locator: Locator;

  constructor(
    space: EmbeddingSpace,
    private readonly reference: EmbeddingReference,
  ) {
    this.locator = new Locator(space);
    this.sums = new Float64Array(reference.means.length);
  }

  add(row: EmbeddingRow): void {
    this.tickets += 1;
    addFeatureRow(this.sums, rowFeatures(this.locator, this.reference, row));
  }

  /** Rise of the share of tickets beyond the 95th percentile of the reference's distances. */
  noveltyEffect(): Finding['effect'] {
    const { sums, tickets, reference } = this;
    const place = sums.length - tailShares.length;
    const before = reference.means[place]! * reference.rows;
    const difference = shareDifference(sums[place]!, tickets, before, reference.rows);
    return { ...difference, unit: `share of tickets beyond the ${100 * (1 - tailShares[1])}th reference percentile` };
  }

  /** @returns null where the window or the reference has too few tickets */
  test(): EmbeddingTestResult | null {
    const { reference, tickets, sums } = this;
    const first = reference.nulls[0];
    if (!first || tickets < first.size) return null;
    const differences = Float64Array.from(sums, (sum, at) => sum / tickets - reference.means[at]!);
    const statistics = testStatistics(differences, reference.variances, 1 / tickets + 1 / reference.rows);
    const { kernels, surprises } = reference.nulls.filter(({ size }) => size <= tickets).at(-1) ?? first;
    const { surprise, component } = maxSurprise(statistics, kernels);
    const larger = surprises.length - lowerBound(surprises, surprise);
    const by = component < bandwidths.length ? 'kernel' : 'distance';
    return { pValue: (1 + larger) / (1 + surprises.length), statistic: surprise, by };
  }
}
