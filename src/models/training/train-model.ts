/**
 * One training, from labelled tickets to a model version on disk. `trainModel` is the table of contents; the steps stand below
 * it in the order in which they run.
 *
 * Recipe `frozen`: the encoder keeps its pretrained weights. Heads (a multinomial logistic regression, a linear discriminant and
 * the nearest ticket on embeddings, linear SVMs on n-grams) are trained, then combined and calibrated on out-of-fold scores.
 * Recipe `finetune`: in each fold the encoder is trained first (`finetuned-fold-encoder.ts`).
 *
 * Constants live beside their step, each with its reason: folds in `cross-fit.ts`, heads in `../heads/recipe.ts` and their own
 * files, the encoder's training in `../finetuning/finetune-settings.ts`, thresholds in `../ranking/abstention.ts`.
 */
import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  fitAbstention,
  scopeCurve,
  type AbstentionRule,
  type HeldOutRow,
  type ScopePoint,
} from '../ranking/abstention.js';
import { contactTypesOfClasses, countLabels, labelledRows, orderTemplates } from '../dataset/classes.js';
import { fitWeights, fitZeroShot, type Combination, type LabelledScores } from '../heads/combination.js';
import { crossFit } from './cross-fit.js';
import { trainHeads } from '../heads/train-heads.js';
import type { Encoder } from '../encoder/encoder.js';
import { FinetunedFoldEncoder } from './finetuned-fold-encoder.js';
import { scaleToDevice } from '../finetuning/finetune-settings.js';
import type { Heads } from '../heads/heads.js';
import { templateKind } from '../heads/head-scores.js';
import type { LinearHead } from '../heads/linear-svm.js';
import { writeHeldOutTickets } from './held-out-tickets.js';
import { predictHeldOut, type Prediction } from './held-out.js';
import type { JobProgress } from './progress.js';
import { scoreRows } from './scored-rows.js';
import { frozenFoldEncoder, type EncodedTickets, type FoldEncoder } from './fold-encoder.js';
import { removeUnfinished, unfinishedFolder } from '../versions/unfinished-folders.js';
import {
  checkNotThere,
  encoderFolder,
  modelFormat,
  saveModel,
  type ModelDescription,
} from '../versions/model-folder.js';
import { checkBaseline, checkBeforeTraining } from './preflight.js';
import type { Candidate } from '../ranker.js';
import { defaultRecipe } from '../heads/recipe.js';
import { RunRecorder } from './run-record.js';
import { writeRunRecord } from './write-run-record.js';
import { predictHeldOutTypes, trainContactTypes } from '../heads/contact-type-head.js';
import { readTemplateFile } from '../dataset/template-file.js';
import { templateText } from '../features/ticket-text.js';
import { detectDevice, type Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { readTrainingData } from '../dataset/read-training-data.js';
import { checkValidationFile, rowsForThresholds, scoreValidationFile } from './validation.js';
import type { TrainingSettings } from './training-settings.js';

/**
 * Trains and saves a model version.
 *
 * @throws DataFileError | ModelFolderError | PreflightFailed
 */
export async function trainModel(
  tf: Tensorflow,
  encoder: Encoder,
  settings: TrainingSettings,
  report: JobProgress,
): Promise<ModelDescription> {
  const recorder = new RunRecorder();
  const run: Run = {
    tf,
    encoder,
    settings,
    recorder,
    onProgress: recorder.timed(report),
    startedAt: performance.now(),
  };
  await prepareFolder(run);

  // What can be checked in seconds is checked before a training that can take hours.
  const input = await readInput(run);
  await runPreflight(run, input);

  const foldEncoder = await openFoldEncoder(run, input);
  try {
    await checkFoldEncoder(run, foldEncoder);

    // Weights, calibration and thresholds are fitted on out-of-fold scores: heads are overconfident on tickets that they know.
    const outOfFold = await scoreOutOfFold(run, input, foldEncoder);
    const calibrated = await combineAndCalibrate(run, outOfFold);
    checkAgainstBaseline(run, input, calibrated);

    // The folds have done their part: the heads that serve are trained on all tickets.
    const final = await trainOnAllTickets(run, input, foldEncoder);
    const thresholds = await fitThresholds(run, calibrated, final);
    const contactTypes = await trainContactTypeHead(run, input, final);

    const model: TrainedModel = { input, outOfFold, calibrated, final, thresholds, contactTypes };
    const description = describeModel(run, model);
    await saveVersion(run, model, description);
    return description;
  } finally {
    await foldEncoder.dispose();
  }
}

/** What every step uses. */
interface Run {
  tf: Tensorflow;
  /** The encoder that the training starts from: the base encoder where the recipe is `finetune` */
  encoder: Encoder;
  settings: TrainingSettings;
  recorder: RunRecorder;
  onProgress: JobProgress;
  startedAt: number;
}

interface TrainingInput {
  /** Encoded by the encoder that the training starts from */
  data: TrainingData;
  /** All templates, those of the classes first */
  templates: Candidate[];
  /** Labels of each class */
  labelCounts: number[];
}

interface OutOfFold extends LabelledScores {
  /** Row of the data for each row of the scores */
  rows: Int32Array;
}

interface Calibrated {
  combination: Combination;
  rows: HeldOutRow[];
  figures: ModelDescription['heldOut'];
  predictions: Prediction[];
}

interface FinalHeads extends EncodedTickets {
  heads: Heads;
  /** Encoded by the base encoder; null where the encoder was not trained */
  baseData: TrainingData | null;
}

interface Thresholds {
  rule: AbstentionRule;
  scope: ScopePoint[];
}

interface ContactTypes {
  /** Contact type of each class where it follows from the template; null where a head predicts it */
  ofClass: (string | null)[] | null;
  head: LinearHead | null;
  /** Of each row, predicted by a head that was not trained on it; null without a head */
  heldOut: (string | null)[] | null;
}

interface TrainedModel {
  input: TrainingInput;
  outOfFold: OutOfFold;
  calibrated: Calibrated;
  final: FinalHeads;
  thresholds: Thresholds;
  contactTypes: ContactTypes;
}

/** @throws ModelFolderError where the version exists */
async function prepareFolder({ settings: { out } }: Run): Promise<void> {
  await checkNotThere(out);
  await removeUnfinished(dirname(out));
}

/** @throws DataFileError at the first row, template or validation row that can't be used */
async function readInput({ encoder, settings, onProgress }: Run): Promise<TrainingInput> {
  await onProgress('reading tickets', null);
  const templates = settings.templates === null ? null : await readTemplateFile(settings.templates);
  const { maxNgrams } = settings.recipe ?? defaultRecipe;
  const data = await readTrainingData({ ...settings, file: settings.data, templates, maxNgrams }, encoder, (rows) =>
    onProgress('reading tickets', null, `${rows} tickets read and embedded`),
  );
  if (settings.validation) await checkValidationFile({ ...settings, file: settings.validation }, data.classes);
  return { data, templates: orderTemplates(data.classes, templates), labelCounts: countLabels(data) };
}

/** @throws PreflightFailed */
async function runPreflight({ tf, settings, recorder, onProgress }: Run, { data }: TrainingInput): Promise<void> {
  await onProgress('pre-flight', null);
  const { seed, skipPreflight = [] } = settings;
  recorder.preflight.push(...(await checkBeforeTraining(tf, data, seed, skipPreflight)));
}

async function openFoldEncoder(run: Run, { data, templates }: TrainingInput): Promise<FoldEncoder> {
  const { tf, encoder, settings, recorder, onProgress } = run;
  if (!settings.encoderTraining) return frozenFoldEncoder(data, encoder);
  return FinetunedFoldEncoder.open(tf, encoder, {
    source: { ...settings, file: settings.data },
    data,
    templates: templates.slice(0, data.classes.length).map(templateText),
    folder: unfinishedFolder(settings.out, 'encoder'),
    settings: scaleToDevice(detectDevice(tf), settings.encoderTraining),
    recorder,
    onProgress,
  });
}

/** @throws PreflightFailed */
async function checkFoldEncoder({ settings, recorder }: Run, foldEncoder: FoldEncoder): Promise<void> {
  const { seed, skipPreflight = [] } = settings;
  recorder.preflight.push(...(await foldEncoder.runChecks(seed, skipPreflight)));
}

async function scoreOutOfFold(run: Run, { data }: TrainingInput, foldEncoder: FoldEncoder): Promise<OutOfFold> {
  const { tf, settings, recorder, onProgress } = run;
  const { rows, scores } = await crossFit(tf, data, {
    seed: settings.seed,
    onProgress: (done) => onProgress('testing on tickets held out', done),
    lossCurve: (name) => recorder.curve(name),
    recipe: settings.recipe ?? defaultRecipe,
    foldEncoder,
  });
  return { rows, labels: rows.map((row) => data.labels[row] ?? -1), classes: data.classes.length, scores };
}

async function combineAndCalibrate({ onProgress }: Run, outOfFold: OutOfFold): Promise<Calibrated> {
  await onProgress('combining and calibrating', 0);
  const weights = await fitWeights(outOfFold);
  const zeroShot = await fitZeroShot(outOfFold, weights, outOfFold.scores[templateKind] ?? new Float32Array());
  const { rows, figures } = scoreRows(outOfFold, weights);
  const predictions = predictHeldOut(outOfFold.rows, outOfFold, weights);
  return { combination: { weights, zeroShot }, rows, figures, predictions };
}

/** @throws PreflightFailed */
function checkAgainstBaseline(
  { settings: { skipPreflight = [] }, recorder }: Run,
  { labelCounts }: TrainingInput,
  { predictions }: Calibrated,
): void {
  recorder.preflight.push(checkBaseline(predictions, labelCounts, skipPreflight));
}

async function trainOnAllTickets(run: Run, input: TrainingInput, foldEncoder: FoldEncoder): Promise<FinalHeads> {
  const { tf, settings, recorder, onProgress } = run;
  const { seed, recipe = defaultRecipe } = settings;
  const encoded = await foldEncoder.encodeAll(labelledRows(input.data), seed);
  const baseData = encoded.folder === null ? null : input.data;
  const heads = await trainHeads(tf, encoded.data, {
    rows: labelledRows(encoded.data),
    seed,
    onProgress: (done) => onProgress('training on all tickets', done),
    onLoss: recorder.curve('all tickets'),
    recipe,
    baseData,
  });
  return { ...encoded, heads, baseData };
}

/** On out-of-fold tickets; with --validation on that file's tickets, scored by the final heads. */
async function fitThresholds(run: Run, calibrated: Calibrated, final: FinalHeads): Promise<Thresholds> {
  const { tf, encoder, settings } = run;
  const { precision, coverage } = settings;
  let rows = calibrated.rows;
  if (settings.validation) {
    const scores = await scoreValidationFile(
      tf,
      { own: final.encoder, base: encoder },
      { ...settings, file: settings.validation },
      final,
    );
    rows = rowsForThresholds(calibrated.rows, scoreRows(scores, calibrated.combination.weights).rows);
  }
  const rule = fitAbstention(rows, precision, coverage);
  return { rule, scope: scopeCurve(rows, rule.outOfScopeThreshold) };
}

/** A head is trained only where tickets of one template have different contact types. */
async function trainContactTypeHead(
  { tf }: Run,
  { data: baseData }: TrainingInput,
  { data }: FinalHeads,
): Promise<ContactTypes> {
  const ofClass = contactTypesOfClasses(data);
  if (ofClass || data.contactTypes.length < 2) return { ofClass, head: null, heldOut: null };
  return { ofClass, head: await trainContactTypes(tf, data), heldOut: await predictHeldOutTypes(tf, baseData) };
}

function describeModel(
  run: Run,
  { input, calibrated, final, thresholds, contactTypes }: TrainedModel,
): ModelDescription {
  const { settings, encoder: baseEncoder, startedAt } = run;
  const { data, encoder, baseData } = final;
  const description: ModelDescription = {
    format: modelFormat,
    version: '',
    recipe: baseData === null ? 'frozen' : 'finetune',
    createdAt: new Date().toISOString(),
    seed: settings.seed,
    encoder: { hash: encoder.hash, size: data.embeddingSize, base: baseData && baseEncoder.hash },
    views: data.features.views,
    classes: data.classes,
    labelCounts: input.labelCounts,
    contactTypes: data.contactTypes,
    contactTypeOfClass: contactTypes.ofClass,
    fields: [...data.features.fields],
    knownContactType: settings.knownContactType,
    combination: calibrated.combination,
    abstention: thresholds.rule,
    precision: settings.precision,
    coverage: settings.coverage,
    data: {
      file: basename(settings.data),
      rows: data.labels.length,
      hash: data.hash,
      from: data.from?.toISOString() ?? null,
      until: data.until?.toISOString() ?? null,
    },
    heldOut: calibrated.figures,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  };
  description.version = hashVersion(description);
  return description;
}

/** The model, its run record, and its held-out tickets, from which the drift reference is made. */
async function saveVersion(run: Run, model: TrainedModel, description: ModelDescription): Promise<void> {
  const { tf, settings, recorder, onProgress } = run;
  const { input, outOfFold, calibrated, final, thresholds, contactTypes } = model;
  const { data, encoder, heads, folder } = final;
  const zeroShotTemplates = encoder.encode(input.templates.slice(data.classes.length).map(templateText));
  const parts = {
    description,
    vocabulary: data.features.vocabulary,
    ...heads,
    contactTypeHead: contactTypes.head,
    templates: input.templates,
    trainedOn: [...new Set(data.idHashes.flatMap((hash) => hash ?? []))].sort(),
  };
  await onProgress('writing the model', 0);
  await saveModel(settings.out, parts, async (fresh) => {
    if (folder !== null) await rename(folder, join(fresh, encoderFolder));
    await onProgress('writing the model', 1 / 3);
    await writeRunRecord(tf, fresh, recorder, {
      settings,
      data,
      predictions: calibrated.predictions,
      scope: thresholds.scope,
      weights: calibrated.combination.weights,
      labelCounts: input.labelCounts,
      heads,
      version: description.version,
      createdAt: description.createdAt,
    });
    await onProgress('writing the model', 2 / 3);
    await writeHeldOutTickets(fresh, {
      file: settings.data,
      columns: settings.columns,
      seed: settings.seed,
      data,
      rows: outOfFold.rows,
      scores: outOfFold,
      combination: calibrated.combination,
      rule: thresholds.rule,
      candidates: input.templates,
      zeroShotEmbeddings: zeroShotTemplates.map((views) => views.subarray(0, encoder.size)),
      contactTypeOfClass: contactTypes.ofClass,
      heldOutTypes: contactTypes.heldOut,
    });
  });
}

/** The time, so that versions sort, and a hash of the description, so that no two versions share a name. */
function hashVersion(description: ModelDescription): string {
  const stamp = description.createdAt.replace(/[-:]|\.\d+Z/g, '').replace('T', '-');
  return `${stamp}-${createHash('sha256').update(JSON.stringify(description)).digest('hex').slice(0, 6)}`;
}
