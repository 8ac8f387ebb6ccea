/** Difference of challenger and champion by channel, language, contact type, and head and tail of the templates. */
import type { ComparedTicket } from './prediction.js';
import { holm, meanDifference, normalCdf } from '../../statistics/paired-test.js';
import { toPercent } from '../../statistics/percent.js';

export interface SliceDifference {
  by: 'channel' | 'language' | 'contactType' | 'templates';
  value: string;
  tickets: number;
  /** Challenger − champion, percentage points; 95 % confidence interval */
  points: number;
  low: number;
  high: number;
  /** p-value of a regression, Holm-adjusted for the number of slices */
  pWorse: number;
}

/** A ticket with the credit of both predictions. */
export interface ScoredTicket {
  ticket: ComparedTicket;
  weight: number;
  champion: number;
  challenger: number;
}

export function compareSlices(scored: readonly ScoredTicket[], minTickets: number): SliceDifference[] {
  const groups = new Map<string, { by: SliceDifference['by']; value: string; differences: number[] }>();
  const add = (by: SliceDifference['by'], value: string | null, difference: number): void => {
    if (value === null) return;
    const key = `${by}\0${value}`;
    const group = groups.get(key) ?? { by, value, differences: [] };
    groups.set(key, group);
    group.differences.push(difference);
  };
  const isHead = headTemplates(scored.map(({ ticket }) => ticket.label ?? ''));
  for (const { ticket, weight, champion, challenger } of scored) {
    const difference = weight * (challenger - champion);
    add('channel', ticket.channel, difference);
    add('language', ticket.language, difference);
    add('contactType', ticket.contactType, difference);
    add('templates', isHead(ticket.label ?? '') ? 'head' : 'tail', difference);
  }
  const slices = [...groups.values()].filter(({ differences }) => differences.length >= minTickets);
  const means = slices.map(({ differences }) => meanDifference(differences));
  const pValues = holm(means.map(({ mean: points, error }) => normalCdf(points / error)));
  return slices.map(({ by, value, differences }, index) => ({
    by,
    value,
    tickets: differences.length,
    points: toPercent(means[index]?.mean ?? 0),
    low: toPercent(means[index]?.low ?? 0),
    high: toPercent(means[index]?.high ?? 0),
    pWorse: pValues[index] ?? 1,
  }));
}

/** The most frequent templates that together answer half of the tickets. */
function headTemplates(labels: readonly string[]): (label: string) => boolean {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const head = new Set<string>();
  let covered = 0;
  for (const [label, count] of [...counts].sort((a, b) => b[1] - a[1])) {
    if (covered >= labels.length / 2) break;
    head.add(label);
    covered += count;
  }
  return (label) => head.has(label);
}
