/** What `replyrank drift` prints: what moved, for whom, whether it hurts, what to do. */
import type { FileDrift, RankedRow } from '../../monitoring/runner/file-drift.js';
import type { Diagnosis } from '../../monitoring/diagnosis/diagnosis.js';
import type { Finding, Slice } from '../../monitoring/observations/finding.js';
import type { RetrainAction } from '../../monitoring/decisions/retrain-decision.js';
import { formatPercent } from '../../statistics/percent.js';

const mostSignals = 8;
const mostExamples = 3;
const longestExample = 100;

const advice: Record<RetrainAction, string> = {
  repair: 'Mend the input at its source; do not retrain on it.',
  reweight: 'Re-weight the model for the new mix of templates; no retraining is needed.',
  record: 'Nothing but to know it.',
  'label-first': 'Label some of these tickets, and write a template where none answers them; then retrain.',
  retrain: 'Retrain on fresh labels.',
  none: 'Nothing.',
};

const nameOf = (signal: string, { by, value }: Slice): string => (by === 'all' ? signal : `${signal}[${by}=${value}]`);

export function driftAsJson({ alarm, signals, decision, evidence }: FileDrift): object {
  return {
    alarm,
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

export function driftAsText({ alarm, signals, decision, evidence }: FileDrift, rows: readonly RankedRow[]): string {
  const moved = signals.filter((finding) => finding.alarm);
  const lines = [
    alarm
      ? `The tickets have moved: ${moved.length} of ${signals.length} signals alarm (${rows.length} tickets).`
      : `No drift: none of ${signals.length} signals alarms (${rows.length} tickets).`,
    ...(evidence ? [...whatMoved(evidence, moved), ...forWhom(evidence), ...doesItHurt(evidence)] : []),
    ...(evidence ? examplesOf(evidence, rows) : []),
    'What to do',
    `  ${decision.action}: ${advice[decision.action]}`,
    ...decision.reasons.map((reason) => `  - ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

function whatMoved({ causes, words }: Diagnosis, moved: readonly Finding[]): string[] {
  const shown = moved.slice(0, mostSignals).map(({ signal, slice, pValue, explanation }) => {
    const p = pValue === null ? '' : ` (p ${pValue < 1e-4 ? '< 0.0001' : `= ${pValue.toFixed(4)}`})`;
    return `  ${nameOf(signal, slice)}: ${explanation}${p}`;
  });
  const named = causes.map(({ kind, sentence }, index) => `  ${index + 1}. ${kind}: ${sentence}`);
  return [
    ...(named.length > 0 ? ['Most likely cause', ...named] : []),
    'What moved',
    ...shown,
    ...(moved.length > mostSignals ? [`  and ${moved.length - mostSignals} more`] : []),
    ...(words.length > 0 ? [`Typical words of what is new: ${words.map(({ word }) => word).join(', ')}`] : []),
  ];
}

function forWhom({ slice, templates }: Diagnosis): string[] {
  const carried = templates
    .slice(0, 5)
    .map(({ name, before, now }) => `  ${name}: ${formatPercent(now)} of the tickets, ${formatPercent(before)} before`);
  const worst = slice
    ? [
        `  most is lost where ${slice.slice.by} is ${slice.slice.value}: ${formatPercent(slice.loss)} of ${slice.tickets} tickets`,
      ]
    : [];
  return carried.length + worst.length > 0 ? ['For whom', ...worst, ...carried] : [];
}

function doesItHurt({ accuracy, risk }: Diagnosis): string[] {
  if (!accuracy) return [];
  const { before, now, labels } = accuracy;
  const basis = labels > 0 ? `, ${labels} labels among what it rests on` : ', told without labels';
  return [
    'Does it hurt?',
    `  first suggestion right: ${formatPercent(now.value)} (${formatPercent(now.low)} to ${formatPercent(now.high)}), ${formatPercent(before.value)} before${basis}`,
    ...(risk
      ? [
          `  wrong for ${formatPercent(risk.observed)} of ${risk.labels} labels; up to ${formatPercent(risk.tolerated)} is bearable`,
        ]
      : []),
  ];
}

function examplesOf({ examples }: Diagnosis, rows: readonly RankedRow[]): string[] {
  const texts = new Map(rows.map(({ observation: { key }, text }) => [key, text]));
  const shown = examples.slice(0, mostExamples).map(({ key }) => {
    const text = (texts.get(key) ?? '').replaceAll(/\s+/g, ' ');
    return `  ${key}: ${text.length > longestExample ? `${text.slice(0, longestExample).toWellFormed()}…` : text || '(empty)'}`;
  });
  return shown.length > 0 ? ['Examples', ...shown] : [];
}
