/** Drift of a file of tickets against a model: whether, why, and what to do. For people who only have exports. */
import { diagnose, type Diagnosis } from '../diagnosis/diagnosis.js';
import { findChangedMeanings } from '../diagnosis/changed-meaning.js';
import { isTop1Correct } from '../diagnosis/estimated-accuracy.js';
import type { Finding } from '../observations/finding.js';
import type { Observation, ExposedOutcome } from '../observations/observation.js';
import { fisherGreater, proportion, type Count } from '../../statistics/proportions.js';
import type { ReferenceSample } from '../reference/reference-sample.js';
import type { Reference } from '../reference/reference.js';
import { decide, type DecisionSettings, type RetrainDecision } from '../decisions/retrain-decision.js';
import { TicketCoder } from '../reference/ticket-coding.js';
import { priorTrust } from '../labels/trust.js';
import { WindowSample } from '../detection/window-sample.js';
import { minTickets, testWindow } from '../detection/window-test.js';
import { formatPercent } from '../../statistics/percent.js';

export interface RankedRow {
  observation: Observation;
  /** The template that counts as right; null where none fits; undefined where it is not labelled */
  label: string | null | undefined;
  text: string;
}

export interface FileDrift {
  alarm: boolean;
  /** Set where there were too few tickets for any test */
  untested: { tickets: number; required: number } | null;
  signals: Finding[];
  decision: RetrainDecision;
  /** Null where nothing alarms */
  evidence: Diagnosis | null;
}

export interface FileDriftInput {
  reference: Reference;
  sample: ReferenceSample;
  rows: readonly RankedRow[];
  now: Date;
  settings: DecisionSettings;
}

/** Maximum share of files without drift that raise an alarm, over all signals and labels */
const level = 0.01;
/** The part of it for labels, if there are any: half for all of them together, half for single templates */
const labelLevel = 0.002;
/** A larger file is diagnosed by evenly spaced rows. */
const maxDiagnosed = 5_000;
const minLabels = 30;
const seed = 1;

export function detectFileDrift({ reference, sample, rows, now, settings }: FileDriftInput): FileDrift {
  const window = new WindowSample(new TicketCoder(reference.coding));
  for (const { observation } of rows) window.add(observation);
  const labelled = rows.flatMap(({ observation, label }) => (label === undefined ? [] : [{ observation, label }]));
  const isLabelled = labelled.length >= minLabels;
  const signals = testWindow(reference, window, { level: isLabelled ? level - labelLevel : level });
  if (isLabelled) signals.push(...labelFindings(sample, labelled));
  const tickets = window.distinct().length;
  const untested = signals.length === 0 && tickets < minTickets ? { tickets, required: minTickets } : null;
  const alarm = signals.some((finding) => finding.alarm);
  const evidence = alarm ? diagnoseRows({ sample, rows, minLoss: settings.minLoss }) : null;
  const isLearned = new Set(sample.tickets.map(({ templateId }) => templateId));
  const decision = decide(
    {
      now,
      alarm,
      untested,
      causes: evidence?.causes ?? [],
      labelShift: evidence?.labelShift ?? null,
      reweighted: false,
      loss: evidence?.accuracy?.loss ?? null,
      wasHarmful: false,
      riskRisen: evidence?.risk?.risen ?? null,
      freshLabels: labelled.length,
      unlearnedLabels: labelled.length,
      topicLabels: labelled.filter(({ label }) => label !== null && !isLearned.has(label)).length,
      lastTrainedAt: null,
      scheduleDue: false,
      requested: false,
    },
    settings,
  );
  return { alarm, untested, signals, decision, evidence };
}

interface LabelledRow {
  observation: Observation;
  label: string | null;
}

/** Errors of the first suggestion against the reference's; and templates whose labels contradict the model. */
function labelFindings({ tickets }: ReferenceSample, labelled: readonly LabelledRow[]): Finding[] {
  const isWrong = ({ observation: { ranking }, label }: LabelledRow): boolean =>
    label === null || ranking[0]?.templateId !== label;
  const fitting = labelled.filter(({ label }) => label !== null);
  const known = tickets.filter(({ templateId }) => templateId !== null);
  const now: Count = { hits: fitting.filter(isWrong).length, of: fitting.length };
  const before: Count = { hits: known.filter((ticket) => !isTop1Correct(ticket)).length, of: known.length };
  const pValue = fisherGreater(now, before);
  const rise = proportion(now) - proportion(before);
  const error = 1.96 * Math.sqrt(variance(now) + variance(before));
  const meanings = findChangedMeanings(
    labelled.map(({ observation, label }) => ({
      observation,
      outcome: { templateId: label },
      probability: observation.ranking[0]?.probability ?? 0,
    })),
    tickets,
  );
  const all = { by: 'all', value: '' } as const;
  return [
    {
      signal: 'errors',
      slice: all,
      statistic: rise,
      pValue,
      evidence: null,
      alarm: pValue <= labelLevel / 2,
      effect: { value: rise, low: rise - error, high: rise + error, unit: 'share of labels' },
      explanation: `The first suggestion is wrong for ${formatPercent(proportion(now))} of ${now.of} labelled tickets; it was for ${formatPercent(proportion(before))}.`,
    },
    ...meanings.map(({ subject, share, pValue: own, sentence }): Finding => ({
      signal: `meaning:${subject}`,
      slice: all,
      statistic: share,
      pValue: own,
      evidence: null,
      alarm: own <= labelLevel / 2,
      effect: { value: share, low: 0, high: 1, unit: 'share of labels' },
      explanation: sentence,
    })),
  ];
}

const variance = (count: Count): number => (proportion(count) * (1 - proportion(count))) / Math.max(count.of, 1);

function diagnoseRows({
  sample,
  rows,
  minLoss: minLoss,
}: Pick<FileDriftInput, 'sample' | 'rows'> & { minLoss: number }): Diagnosis {
  const step = Math.max(1, rows.length / maxDiagnosed);
  const some = Array.from(
    { length: Math.min(rows.length, maxDiagnosed) },
    (_, at) => rows[Math.floor(at * step)] as RankedRow,
  );
  const texts = new Map(some.map(({ observation: { key }, text }) => [key, text]));
  const outcomes = some.flatMap(({ observation: { key, occurredAt }, label }): ExposedOutcome[] => {
    if (label === undefined) return [];
    const unseen = { position: null, shownProbability: null, shownFirst: null };
    return [{ key, labelledAt: occurredAt, templateId: label, provenance: 'history', ...unseen }];
  });
  return diagnose({
    reference: sample,
    window: some.map(({ observation }) => observation),
    textOf: (key) => texts.get(key) ?? null,
    outcomes,
    trust: priorTrust,
    seed,
    minLoss,
  });
}
