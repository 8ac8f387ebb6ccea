/** The figures of `replyrank evaluate`; the README defines each of them. */
import type { DataRow } from '../dataset/data-row.js';
import type { Ranking } from '../ranker.js';
import { wilsonInterval } from '../../statistics/intervals.js';
import { toPercent } from '../../statistics/percent.js';

export interface ContactTypeMetrics {
  rows: number;
  top1: number;
}

/** Percent, but `mrr` and `ece` (0–1) and `setSize` (templates). Null without rows. */
export interface Metrics {
  rows: number;
  top1: number | null;
  hits3: number | null;
  hits5: number | null;
  mrr: number | null;
  macroF1: number | null;
  ece: number | null;
  answered: number | null;
  answeredCorrect: number | null;
  abstentionRecall: number | null;
  setCoverage: number | null;
  setSize: number | null;
  contactType: ContactTypeMetrics | null;
  /** 95 % intervals for the sample of rows, percent */
  intervals: { top1: [number, number]; hits3: [number, number] } | null;
}

interface EvaluatedRow {
  label: string | null;
  ranking: Ranking;
  /** From 1; null where the right template is not in the ranking */
  rank: number | null;
}

const bins = 15;

/** Accumulates rankings row by row. */
export class MetricsCounter {
  private readonly rows: EvaluatedRow[] = [];
  private readonly types = { rows: 0, right: 0 };

  add({ label, contactType }: Pick<DataRow, 'label' | 'contactType'>, ranking: Ranking): void {
    const index = ranking.items.findIndex(({ templateId }) => templateId === label);
    const { items, ...rest } = ranking;
    // Only the first item is kept: a million rows of a hundred items would not fit in memory.
    const kept = { ...rest, embedding: null, items: items.slice(0, 1) };
    this.rows.push({ label, ranking: kept, rank: index === -1 ? null : index + 1 });
    if (contactType === null) return;
    this.types.rows += 1;
    if (ranking.contactType?.value === contactType) this.types.right += 1;
  }

  metrics(): Metrics {
    const some = this.rows.filter(({ label }) => label !== null);
    const none = this.rows.filter(({ label }) => label === null);
    const within = (depth: number): number | null => share(some, ({ rank }) => rank !== null && rank <= depth);
    const shown = ({ ranking }: EvaluatedRow): boolean => !ranking.abstained;
    return {
      rows: this.rows.length,
      top1: within(1),
      hits3: within(3),
      hits5: within(5),
      mrr: mean(some.map(({ rank }) => (rank === null ? 0 : 1 / rank))),
      macroF1: macroF1(some),
      ece: calibrationError(some),
      answered: share(some, shown),
      answeredCorrect: share(some, (row) => shown(row) && row.rank === 1),
      abstentionRecall: share(none, (row) => !shown(row)),
      setCoverage: share(some, ({ rank, ranking }) => rank !== null && rank <= ranking.setSize),
      setSize: mean(some.map(({ ranking }) => ranking.setSize)),
      contactType:
        this.types.rows === 0 ? null : { rows: this.types.rows, top1: toPercent(this.types.right / this.types.rows) },
      intervals: intervals(some),
    };
  }
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

function share<T>(rows: readonly T[], counts: (row: T) => boolean): number | null {
  return rows.length === 0 ? null : toPercent(rows.filter(counts).length / rows.length);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : rounded(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function intervals(rows: readonly EvaluatedRow[]): Metrics['intervals'] {
  if (rows.length === 0) return null;
  const of = (depth: number): [number, number] => {
    const [low, high] = wilsonInterval(rows.filter(({ rank }) => rank !== null && rank <= depth).length, rows.length);
    return [toPercent(low), toPercent(high)];
  };
  return { top1: of(1), hits3: of(3) };
}

/** Over the templates that occur as a label. */
function macroF1(rows: readonly EvaluatedRow[]): number | null {
  const counts = new Map<string, { right: number; said: number; is: number }>();
  const of = (id: string): { right: number; said: number; is: number } => {
    const known = counts.get(id) ?? { right: 0, said: 0, is: 0 };
    counts.set(id, known);
    return known;
  };
  for (const { label, ranking, rank } of rows) {
    if (label === null) continue;
    of(label).is += 1;
    const said = ranking.items[0]?.templateId;
    if (said !== undefined) of(said).said += 1;
    if (rank === 1) of(label).right += 1;
  }
  const scores = [...counts.values()]
    .filter(({ is }) => is > 0)
    .map(({ right, said, is }) => (2 * right) / (said + is));
  return scores.length === 0 ? null : toPercent(scores.reduce((sum, score) => sum + score, 0) / scores.length);
}

/** Expected calibration error of the first template, bins of equal mass (Nixon et al. 2019). */
function calibrationError(rows: readonly EvaluatedRow[]): number | null {
  const sorted = rows
    .map(({ ranking, rank }) => ({ confidence: ranking.items[0]?.probability ?? 0, right: rank === 1 ? 1 : 0 }))
    .sort((a, b) => a.confidence - b.confidence);
  if (sorted.length === 0) return null;
  let error = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const start = Math.floor((bin * sorted.length) / bins);
    const part = sorted.slice(start, Math.floor(((bin + 1) * sorted.length) / bins));
    error += Math.abs(part.reduce((sum, { confidence, right }) => sum + confidence - right, 0)) / sorted.length;
  }
  return rounded(error);
}
