/** Whether the tickets of a file have moved away from a model, why, and what to do: for people who only have exports. */
import { explain, type Evidence } from '../diagnosis/evidence.js';
import { changedMeanings } from '../diagnosis/changed-meaning.js';
import { isFirstRight } from '../diagnosis/estimated-accuracy.js';
import type { Finding } from '../observations/finding.js';
import type { Observation, SeenOutcome } from '../observations/observation.js';
import { fisherGreater, shareOf, type Count } from '../../statistics/proportions.js';
import type { ReferenceSample } from '../reference/reference-sample.js';
import type { Reference } from '../reference/reference.js';
import { decide, type DecisionSettings, type RetrainDecision } from '../decisions/retrain-decision.js';
import { TicketCoder } from '../reference/ticket-coding.js';
import { guessedTrust } from '../labels/trust.js';
import { WindowSums } from '../detection/window-sums.js';
import { testWindow } from '../detection/window-test.js';
import { formatPercent } from '../../statistics/percent.js';

export interface SeenRow {
  observation: Observation;
  /** The template that counts as right; null where none fits; undefined where nobody has said */
  label: string | null | undefined;
  text: string;
}

export interface DriftOfFile {
  alarm: boolean;
  signals: Finding[];
  decision: RetrainDecision;
  /** Null where nothing alarms */
  evidence: Evidence | null;
}

export interface DriftQuestion {
  reference: Reference;
  sample: ReferenceSample;
  rows: readonly SeenRow[];
  now: Date;
  settings: DecisionSettings;
}

/** Of files without drift that alarm, at most, all signals and labels together */
const level = 0.01;
/** Of it, what labels may spend where there are some: half on all of them together, half on single templates */
const levelOfLabels = 0.002;
/** What is made of a larger file is made of so many rows, evenly spread. */
const mostExplained = 5_000;
const fewestLabels = 30;
const seed = 1;

export function driftOfFile({ reference, sample, rows, now, settings }: DriftQuestion): DriftOfFile {
  const window = new WindowSums(new TicketCoder(reference.coding));
  for (const { observation } of rows) window.add(observation);
  const labelled = rows.flatMap(({ observation, label }) => (label === undefined ? [] : [{ observation, label }]));
  const isLabelled = labelled.length >= fewestLabels;
  const signals = testWindow(reference, window, { level: isLabelled ? level - levelOfLabels : level });
  if (isLabelled) signals.push(...labelFindings(sample, labelled));
  const alarm = signals.some((finding) => finding.alarm);
  const evidence = alarm ? explained({ sample, rows, leastLoss: settings.leastLoss }) : null;
  const isLearned = new Set(sample.tickets.map(({ templateId }) => templateId));
  const decision = decide(
    {
      now,
      alarm,
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
  return { alarm, signals, decision, evidence };
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
  const before: Count = { hits: known.filter((ticket) => !isFirstRight(ticket)).length, of: known.length };
  const pValue = fisherGreater(now, before);
  const rise = shareOf(now) - shareOf(before);
  const error = 1.96 * Math.sqrt(variance(now) + variance(before));
  const meanings = changedMeanings(
    labelled.map(({ observation, label }) => ({
      observation,
      outcome: { templateId: label },
      probability: observation.ranking[0]?.probability ?? 0,
    })),
  );
  const all = { by: 'all', value: '' } as const;
  return [
    {
      signal: 'errors',
      slice: all,
      statistic: rise,
      pValue,
      evidence: null,
      alarm: pValue <= levelOfLabels / 2,
      effect: { value: rise, low: rise - error, high: rise + error, unit: 'share of labels' },
      explanation: `The first suggestion is wrong for ${formatPercent(shareOf(now))} of ${now.of} labelled tickets; it was for ${formatPercent(shareOf(before))}.`,
    },
    ...meanings.map(({ subject, share, pValue: own, sentence }): Finding => ({
      signal: `meaning:${subject}`,
      slice: all,
      statistic: share,
      pValue: own,
      evidence: null,
      alarm: own <= levelOfLabels / 2,
      effect: { value: share, low: 0, high: 1, unit: 'share of labels' },
      explanation: sentence,
    })),
  ];
}

const variance = (count: Count): number => (shareOf(count) * (1 - shareOf(count))) / Math.max(count.of, 1);

function explained({
  sample,
  rows,
  leastLoss,
}: Pick<DriftQuestion, 'sample' | 'rows'> & { leastLoss: number }): Evidence {
  const step = Math.max(1, rows.length / mostExplained);
  const some = Array.from(
    { length: Math.min(rows.length, mostExplained) },
    (_, at) => rows[Math.floor(at * step)] as SeenRow,
  );
  const texts = new Map(some.map(({ observation: { key }, text }) => [key, text]));
  const outcomes = some.flatMap(({ observation: { key, occurredAt }, label }): SeenOutcome[] => {
    if (label === undefined) return [];
    const unseen = { position: null, shownProbability: null, shownFirst: null };
    return [{ key, labelledAt: occurredAt, templateId: label, provenance: 'history', ...unseen }];
  });
  return explain({
    reference: sample,
    window: some.map(({ observation }) => observation),
    textOf: (key) => texts.get(key) ?? null,
    outcomes,
    trust: guessedTrust,
    seed,
    leastLoss,
  });
}
