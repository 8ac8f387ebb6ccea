/**
 * The recipes. `frozen`: the encoder stays as it is; a multinomial logistic regression on what it says of a text and linear
 * support vector machines on n-grams are trained, combined and calibrated on scores of rows that they had not seen.
 * `finetune`: the encoder is trained too, before them (`encoder-learner.ts`).
 */
import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fitAbstention, scopeCurve } from '../ranking/abstention.js';
import { allLabelled, countsOf, templatesOf, typesOfClasses } from '../dataset/classes.js';
import { fitUnseen, fitWeights, type Evidence } from '../heads/combination.js';
import { crossFit } from './cross-fit.js';
import { trainHeads } from '../heads/train-heads.js';
import type { Encoder } from '../encoder/encoder.js';
import { EncoderLearner } from './finetuned-fold-encoder.js';
import { sizedFor } from '../finetuning/finetune-settings.js';
import { likenessKind } from '../heads/head-scores.js';
import { writeHeldOutTickets, type HeldOutScoring } from './held-out-tickets.js';
import { predictionsOf } from './held-out.js';
import type { JobProgress } from './progress.js';
import { judge } from './scored-rows.js';
import { frozenLearner, type Learner } from './fold-encoder.js';
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
import { heldOutTypes, trainContactTypes } from '../heads/contact-type-head.js';
import { readTemplateFile } from '../dataset/template-file.js';
import { templateText } from '../features/ticket-text.js';
import { deviceOf, type Tensorflow } from '../tensors/tensorflow.js';
import { type TrainingData } from '../dataset/training-data.js';
import { readTrainingData } from '../dataset/read-training-data.js';
import { checkValidationFile, rowsForLines, validationEvidence } from './validation.js';
import { TrainingSettings } from './training-settings.js';

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
  const startedAt = performance.now();
  const { seed, skipPreflight = [], recipe = defaultRecipe } = settings;
  const recorder = new RunRecorder();
  const onProgress = recorder.timed(report);
  await checkNotThere(settings.out);
  await removeUnfinished(dirname(settings.out));
  await onProgress('reading tickets', null);
  const templates = settings.templates === null ? null : await readTemplateFile(settings.templates);
  const source = { ...settings, file: settings.data, templates, mostNgrams: recipe.mostNgrams };
  const data = await readTrainingData(source, encoder, (rows) =>
    onProgress('reading tickets', null, `${rows} tickets read and embedded`),
  );
  if (settings.validation) await checkValidationFile({ ...settings, file: settings.validation }, data.classes);
  await onProgress('pre-flight', null);
  recorder.preflight.push(...(await checkBeforeTraining(tf, data, seed, skipPreflight)));
  const texts = templatesOf(data.classes, templates);
  const learner = settings.encoderTraining
    ? await EncoderLearner.open(tf, encoder, {
        source,
        data,
        templates: texts.slice(0, data.classes.length).map(templateText),
        folder: unfinishedFolder(settings.out, 'encoder'),
        settings: sizedFor(deviceOf(tf), settings.encoderTraining),
        recorder,
        onProgress,
      })
    : frozenLearner(data, encoder);
  try {
    recorder.preflight.push(...(await learner.checks(seed, skipPreflight)));
    return await learnAndSave(tf, learner, { settings, encoder, data, texts, recorder, onProgress, startedAt });
  } finally {
    await learner.dispose();
  }
}

interface Training {
  settings: TrainingSettings;
  /** That the training began with, and the tickets as it sees them */
  encoder: Encoder;
  data: TrainingData;
  /** Of all templates, those of the classes first */
  texts: Candidate[];
  recorder: RunRecorder;
  onProgress: JobProgress;
  startedAt: number;
}

async function learnAndSave(tf: Tensorflow, learner: Learner, training: Training): Promise<ModelDescription> {
  const { settings, data: asBefore, texts, recorder, onProgress, startedAt } = training;
  const { seed, precision, coverage, skipPreflight = [], recipe = defaultRecipe } = settings;
  const { classes } = asBefore;
  const evidence = await crossFit(tf, asBefore, {
    seed,
    onProgress: (done) => onProgress('testing on tickets held out', done),
    curve: (name) => recorder.curve(name),
    recipe,
    learner,
  });
  const proof: Evidence = {
    labels: evidence.rows.map((row) => asBefore.labels[row] ?? -1),
    classes: classes.length,
    scores: evidence.scores,
  };
  await onProgress('combining and calibrating', 0);
  const weights = await fitWeights(proof);
  const unseen = await fitUnseen(proof, weights, evidence.scores[likenessKind] ?? new Float32Array());
  const { rows: heldOutRows, figures } = judge(proof, weights);
  const labelCounts = countsOf(asBefore);
  const predictions = predictionsOf(evidence.rows, proof, weights);
  recorder.preflight.push(checkBaseline(predictions, labelCounts, skipPreflight));
  const { data, encoder, folder } = await learner.finish(allLabelled(asBefore), seed);
  const usual = folder === null ? null : asBefore;
  const heads = await trainHeads(tf, data, {
    rows: allLabelled(data),
    seed,
    onProgress: (done) => onProgress('training on all tickets', done),
    onLoss: recorder.curve('all tickets'),
    recipe,
    usual,
  });
  let lineRows = heldOutRows;
  if (settings.validation) {
    const source = { ...settings, file: settings.validation };
    const { rows } = judge(
      await validationEvidence(tf, { own: encoder, usual: training.encoder }, source, data, heads),
      weights,
    );
    lineRows = rowsForLines(heldOutRows, rows);
  }
  const contactTypeOfClass = typesOfClasses(data);
  const contactTypeHead = contactTypeOfClass || data.contactTypes.length < 2 ? null : await trainContactTypes(tf, data);
  const description: ModelDescription = {
    format: modelFormat,
    version: '',
    recipe: folder === null ? 'frozen' : 'finetune',
    createdAt: new Date().toISOString(),
    seed,
    encoder: { hash: encoder.hash, size: data.embeddingSize, usual: usual && training.encoder.hash },
    views: data.features.views,
    classes,
    labelCounts,
    contactTypes: data.contactTypes,
    contactTypeOfClass,
    fields: [...data.features.fields],
    knownContactType: settings.knownContactType,
    combination: { weights, unseen },
    abstention: fitAbstention(lineRows, precision, coverage),
    precision,
    coverage,
    data: {
      file: basename(settings.data),
      rows: data.labels.length,
      hash: data.hash,
      from: data.from?.toISOString() ?? null,
      until: data.until?.toISOString() ?? null,
    },
    heldOut: figures,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  };
  description.version = versionOf(description);
  const parts = {
    description,
    vocabulary: data.features.vocabulary,
    ...heads,
    contactTypeHead,
    templates: texts,
    trainedOn: [...new Set(data.idHashes.flatMap((hash) => hash ?? []))].sort(),
  };
  const { version, createdAt, combination, abstention: rule } = description;
  const scope = scopeCurve(lineRows, rule.leastFamiliarity);
  const finished = { settings, data, predictions, scope, weights, labelCounts, heads, version, createdAt };
  const strangers = encoder.encode(texts.slice(classes.length).map(templateText));
  const heldOut: HeldOutScoring = {
    file: settings.data,
    columns: settings.columns,
    seed,
    data,
    rows: evidence.rows,
    evidence: proof,
    combination,
    rule,
    candidates: texts,
    untaught: strangers.map((views) => views.subarray(0, encoder.size)),
    contactTypeOfClass,
    heldOutTypes: contactTypeHead && (await heldOutTypes(tf, asBefore)),
  };
  await onProgress('writing the model', 0);
  await saveModel(settings.out, parts, async (fresh) => {
    if (folder !== null) await rename(folder, join(fresh, encoderFolder));
    await onProgress('writing the model', 1 / 3);
    await writeRunRecord(tf, fresh, recorder, finished);
    await onProgress('writing the model', 2 / 3);
    await writeHeldOutTickets(fresh, heldOut);
  });
  return description;
}

/** The time, so that versions sort, and a hash of what it is, so that no two are called the same. */
function versionOf(description: ModelDescription): string {
  const stamp = description.createdAt.replace(/[-:]|\.\d+Z/g, '').replace('T', '-');
  return `${stamp}-${createHash('sha256').update(JSON.stringify(description)).digest('hex').slice(0, 6)}`;
}
