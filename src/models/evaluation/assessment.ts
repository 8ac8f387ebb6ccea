/** `replyrank assess`: whether machine learning fits a ticket history, before a deployment. */
import { basename } from 'node:path';
import {
  coverageAtPrecision,
  precisionCurve,
  estimateSavings,
  type CoverageAtPrecision,
  type Savings,
} from './answerable.js';
import {
  baselineNames,
  crossValidate,
  scoreHeldOut,
  trainLearningCurve,
  fitWeightsPerHalf,
  type HeldOut,
  type RankedPrediction,
} from './assess-held-out.js';
import { readDataFile } from '../dataset/data-file.js';
import { profileRows, type DataProfile } from './data-profile.js';
import type { Columns } from '../dataset/data-row.js';
import type { Encoder } from '../encoder/encoder.js';
import { classTail, estimateLabelNoise, type ClassTail, type LabelNoise } from './label-noise.js';
import { extrapolate, errorAt, type CurveRun, type Forecast, type PowerLaw } from './learning-curve.js';
import { wilsonInterval } from '../../statistics/intervals.js';
import { readTemplateFile } from '../dataset/template-file.js';
import { templateText } from '../features/ticket-text.js';
import type { Device, Tensorflow } from '../tensors/tensorflow.js';
import { type TrainingData } from '../dataset/training-data.js';
import { readTrainingData } from '../dataset/read-training-data.js';
import type { JobProgress } from '../training/progress.js';
import { trainingCosts, type Prices, type TrainingCosts } from './training-costs.js';
import { decideVerdict, type Verdict } from './verdict.js';
import { percentOf, toPercent } from '../../statistics/percent.js';

export interface AssessmentSettings {
  data: string;
  columns: Columns;
  /** File of templates; null: their ids are their texts */
  templates: string | null;
  seed: number;
  minutesPerTicket: number;
  /** Null: estimated from the dates in the file */
  ticketsPerMonth: number | null;
  prices: Prices;
  cacheDir: string;
}

/** Figures are in percent unless noted. */
export interface Assessment {
  file: string;
  seed: number;
  from: string | null;
  until: string | null;
  profile: DataProfile;
  labelled: number;
  classes: ClassTail;
  noise: LabelNoise;
  heldOut: {
    tickets: number;
    model: { top1: number; hits3: number; low: number; high: number };
    baselines: { name: string; top1: number; hits3: number }[];
  };
  curve: {
    points: { labels: number; top1: number[] }[];
    law: PowerLaw;
    fitted: { labels: number; top1: number }[];
    forecasts: Forecast[];
  };
  coverage: CoverageAtPrecision[];
  precisionCurve: { share: number; precision: number }[];
  minutesPerTicket: number;
  ticketsPerMonth: { value: number; from: 'setting' | 'dates' | 'assumed' };
  savings: Savings[];
  costs: TrainingCosts;
  verdict: Verdict;
}

const precisions = [0.8, 0.9, 0.95];
const assumedTicketsPerMonth = 1000;
const msPerMonth = (365.25 / 12) * 86_400_000;
/** Texts for timing the encoder; the embeddings of the data may be cached. */
const timedTexts = 128;

/** @throws DataFileError | TensorflowError */
export async function assess(
  { tf, device, encoder }: { tf: Tensorflow; device: Device; encoder: Encoder },
  settings: AssessmentSettings,
  onProgress: JobProgress,
): Promise<Assessment> {
  const { seed, columns } = settings;
  const templates = settings.templates === null ? null : await readTemplateFile(settings.templates);
  const data = await readTrainingData(
    { ...settings, file: settings.data, templates, knownContactType: false },
    encoder,
    (rows) => onProgress('reading tickets', null, `${rows} tickets read and embedded`),
  );
  const timed: string[] = [];
  const profile = await profileRows(readDataFile(settings.data, columns), (text) => {
    if (timed.length < timedTexts) timed.push(text);
  });
  const secondsPerText = timeEmbedding(encoder, timed);
  const known = new Map((templates ?? []).map((template) => [template.templateId, templateText(template)]));
  const texts = data.classes.map((id) => known.get(id) ?? id.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim());
  const vectors = encoder.encode(texts).map((views) => views.slice(0, encoder.size));
  const heldOut = await crossValidate(tf, data, vectors, seed, (done) =>
    onProgress('testing on tickets held out', done),
  );
  const judged = scoreHeldOut(heldOut, await fitWeightsPerHalf(heldOut));
  const runs = await trainLearningCurve(tf, data, heldOut, seed, (done) =>
    onProgress('learning from fewer labels', done),
  );
  await onProgress('extrapolating', 0);
  const labelled = data.labels.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0);
  const classes = classTail(data.classes, data.labels);
  const noise = estimateLabelNoise(data.labels, data.dedupGroups);
  const figures = summarise(heldOut, judged);
  const curve = buildCurve(runs, labelled, seed);
  const coverage = precisions.map((precision) => coverageAtPrecision(judged, precision));
  const ticketsPerMonth = estimateMonthlyTickets(settings.ticketsPerMonth, data);
  return {
    file: basename(settings.data),
    seed,
    from: data.from?.toISOString() ?? null,
    until: data.until?.toISOString() ?? null,
    profile,
    labelled,
    classes,
    noise,
    heldOut: figures,
    curve,
    coverage,
    precisionCurve: precisionCurve(judged),
    minutesPerTicket: settings.minutesPerTicket,
    ticketsPerMonth,
    savings: coverage.map((possible) => estimateSavings(possible, ticketsPerMonth.value, settings.minutesPerTicket)),
    costs: trainingCosts({ device, seconds: trainingSeconds(heldOut, secondsPerText, profile) }, settings.prices),
    verdict: decideVerdict({
      labelled,
      templates: data.classes.length,
      model: figures.model,
      majority: figures.baselines.find(({ name }) => name === 'majority') ?? { top1: 0 },
      ceiling: noise.expectedCeiling,
      coverage,
      forecasts: curve.forecasts,
      fewerThan10: classes.fewerThan10,
    }),
  };
}

function summarise({ ranks, labels }: HeldOut, judged: readonly RankedPrediction[]): Assessment['heldOut'] {
  const tickets = labels.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0);
  const within = (all: readonly number[], depth: number): number =>
    percentOf(all.filter((rank) => rank > 0 && rank <= depth).length, tickets);
  const own = judged.map(({ rank }) => rank);
  const top1 = within(own, 1);
  const [low, high] = wilsonInterval(own.filter((rank) => rank === 1).length, tickets);
  return {
    tickets,
    model: { top1, hits3: within(own, 3), low: toPercent(low), high: toPercent(high) },
    baselines: baselineNames.map((name) => ({
      name,
      top1: within([...ranks[name]], 1),
      hits3: within([...ranks[name]], 3),
    })),
  };
}

function buildCurve(runs: readonly CurveRun[], labelled: number, seed: number): Assessment['curve'] {
  const more = [...new Set([0.5, 1, 2].map((share) => roundToOneDigit(share * labelled)))];
  const { law, forecasts } = extrapolate(runs, labelled, more, seed);
  const sizes = [...new Set(runs.map(({ labels }) => labels))].sort((a, b) => a - b);
  const [first, last] = [sizes[0] ?? 1, labelled + (more.at(-1) ?? 0)];
  return {
    points: sizes.map((labels) => ({
      labels,
      top1: runs
        .filter((run) => run.labels === labels)
        .map(({ right }) =>
          percentOf(
            right.reduce((a, b) => a + b, 0),
            right.length,
          ),
        ),
    })),
    law,
    fitted: [...Array.from({ length: 40 }, (_, step) => Math.round(first * (last / first) ** (step / 39))), labelled]
      .sort((a, b) => a - b)
      .map((labels) => ({ labels, top1: toPercent(1 - errorAt(law, labels)) })),
    forecasts,
  };
}

/** To one significant digit: 5,000 labels is a more natural forecast than 5,002. */
function roundToOneDigit(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return Math.max(1, Math.round(value / unit) * unit);
}

function estimateMonthlyTickets(
  setting: number | null,
  { from, until, labels }: TrainingData,
): Assessment['ticketsPerMonth'] {
  if (setting !== null) return { value: setting, from: 'setting' };
  const months = from && until ? (until.getTime() - from.getTime()) / msPerMonth : 0;
  if (months < 0.25) return { value: assumedTicketsPerMonth, from: 'assumed' };
  return { value: Math.round(labels.length / months), from: 'dates' };
}

function timeEmbedding(encoder: Encoder, texts: readonly string[]): number {
  const startedAt = performance.now();
  encoder.encode(texts);
  return (performance.now() - startedAt) / 1000 / Math.max(1, texts.length);
}

/** Time to embed distinct texts, to cross-fit, and to train on all tickets. */
function trainingSeconds(
  { trainings, seconds }: HeldOut,
  perText: number,
  { rows, exactDuplicates }: DataProfile,
): number {
  const onAll = seconds / Math.max(1, trainings);
  return Math.round((perText * (rows - exactDuplicates) + seconds + onAll) * 10) / 10;
}
