/** What `replyrank drift` prints: what moved, for whom, whether it hurts, what to do. */
import type { FileDrift, RankedRow } from '../../monitoring/runner/file-drift.js';
import type { Diagnosis } from '../../monitoring/diagnosis/diagnosis.js';
import type { Finding, Slice } from '../../monitoring/observations/finding.js';
import type { RetrainAction } from '../../monitoring/decisions/retrain-decision.js';
import { formatPercent } from '../../statistics/percent.js';

const maxSignals = 8;
const maxExamples = 3;
const maxExample = 100;

const advice: Record<RetrainAction, string> = {
  repair: 'Fix the input at its source; do not retrain on it.',
  reweight: 'Apply a prior correction for the new template mix; no retraining is needed.',
  record: 'No action needed.',
  'label-first': 'Collect labels for these tickets, and write a template where none fits; then retrain.',
  retrain: 'Retrain on new labels.',
  none: 'No action.',
};

const nameOf = (signal: string, { by, value }: Slice): string => (by === 'all' ? signal : `${signal}[${by}=${value}]`);

export function driftAsJson({ alarm, untested, signals, decision, evidence }: FileDrift): object {
  return {
    alarm,
    untested,
    signals: signals.map(({ signal, slice, statistic, pValue, alarm: own, effect, explanation }) => ({
      name: nameOf(signal, slice),
      statistic,
      pValue,
      alarm: own,
      explanation,
      effect,
    })),
    decision,
    evidence,
  };
}

export function driftAsText(
  { alarm, untested, signals, decision, evidence }: FileDrift,
  rows: readonly RankedRow[],
): string {
  const moved = signals.filter((finding) => finding.alarm);
  if (untested) return `${decision.reasons.join('\n')}\n`;
  const lines = [
    alarm
      ? `Drift detected: ${moved.length} of ${signals.length} signals (${rows.length} tickets).`
      : `No drift detected: 0 of ${signals.length} signals (${rows.length} tickets).`,
    ...(evidence ? [...whatMoved(evidence, moved), ...forWhom(evidence), ...doesItHurt(evidence)] : []),
    ...(evidence ? examplesOf(evidence, rows) : []),
    'Recommended action',
    `  ${decision.action}: ${advice[decision.action]}`,
    ...decision.reasons.map((reason) => `  - ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

function whatMoved({ causes, words }: Diagnosis, moved: readonly Finding[]): string[] {
  const shown = moved.slice(0, maxSignals).map(({ signal, slice, pValue, explanation }) => {
    const p = pValue === null ? '' : ` (p ${pValue < 1e-4 ? '< 0.0001' : `= ${pValue.toFixed(4)}`})`;
    return `  ${nameOf(signal, slice)}: ${explanation}${p}`;
  });
  const named = causes.map(({ kind, sentence }, index) => `  ${index + 1}. ${kind}: ${sentence}`);
  return [
    ...(named.length > 0 ? ['Most likely cause', ...named] : []),
    'Signals',
    ...shown,
    ...(moved.length > maxSignals ? [`  and ${moved.length - maxSignals} more`] : []),
    ...(words.length > 0 ? [`Characteristic terms: ${words.map(({ word }) => word).join(', ')}`] : []),
  ];
}

function forWhom({ slice, templates }: Diagnosis): string[] {
  const carried = templates
    .slice(0, 5)
    .map(({ name, before, now }) => `  ${name}: ${formatPercent(now)} of the tickets, ${formatPercent(before)} before`);
  const worst = slice
    ? [
        `  largest loss where ${slice.slice.by} is ${slice.slice.value}: ${formatPercent(slice.loss)} of ${slice.tickets} tickets`,
      ]
    : [];
  return carried.length + worst.length > 0 ? ['Affected', ...worst, ...carried] : [];
}

function doesItHurt({ accuracy, risk }: Diagnosis): string[] {
  if (!accuracy) return [];
  const { before, now, labels } = accuracy;
  const basis = labels > 0 ? `, ${labels} labels used` : ', told without labels';
  return [
    'Impact',
    `  top-1 accuracy: ${formatPercent(now.value)} (${formatPercent(now.low)} to ${formatPercent(now.high)}), ${formatPercent(before.value)} before${basis}`,
    ...(risk
      ? [
          `  error rate ${formatPercent(risk.observed)} on ${risk.labels} labels; error tolerance ${formatPercent(risk.tolerated)}`,
        ]
      : []),
  ];
}

function examplesOf({ examples }: Diagnosis, rows: readonly RankedRow[]): string[] {
  const texts = new Map(rows.map(({ observation: { key }, text }) => [key, text]));
  const shown = examples.slice(0, maxExamples).map(({ key }) => {
    const text = (texts.get(key) ?? '').replaceAll(/\s+/g, ' ');
    return `  ${key}: ${text.length > maxExample ? `${text.slice(0, maxExample).toWellFormed()}…` : text || '(empty)'}`;
  });
  return shown.length > 0 ? ['Examples', ...shown] : [];
}
