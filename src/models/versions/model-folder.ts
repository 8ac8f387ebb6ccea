/** A model version on disk: an immutable folder that holds all that is needed to judge it and to load it again. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AbstentionRule } from '../ranking/abstention.js';
import type { Combination } from '../heads/combination.js';
import type { DenseHeads } from '../heads/heads.js';
import type { FieldFeature } from '../features/field-features.js';
import { unfinishedFolder } from './unfinished-folders.js';
import type { LinearHead } from '../heads/linear-svm.js';
import { NgramVocabulary } from '../features/ngrams.js';
import type { TicketBank } from '../heads/nearest-tickets.js';
import type { Candidate } from '../ranker.js';
import { bankTensor, trainedOnFile, basePrefix, weightsFile, type TrainedOn } from '../dataset/trained-on.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../tensors/safetensors.js';

export const modelFormat = 7;
/** Of a model with an encoder of its own */
export const encoderFolder = 'encoder';

/** The content of model.json. Figures are in percent, as in `replyrank evaluate`. */
export interface ModelDescription {
  format: number;
  version: string;
  recipe: 'frozen' | 'finetune';
  createdAt: string;
  seed: number;
  /** With `finetune` it is in the folder `encoder` of the model; `base`: hash of the base encoder, which scores too */
  encoder: { hash: string; size: number; base?: string | null };
  /** How many of the encoder's numbers the dense heads use: the embedding alone, or all views */
  views: number;
  /** Template ids, the classes of the heads */
  classes: string[];
  /** Labels of each class in training */
  labelCounts: number[];
  contactTypes: string[];
  /** Contact type of each class where it follows from the template; null where a head predicts it */
  contactTypeOfClass: (string | null)[] | null;
  fields: FieldFeature[];
  knownContactType: boolean;
  combination: Combination;
  abstention: AbstentionRule;
  precision: number;
  coverage: number;
  data: { file: string; rows: number; hash: string; from: string | null; until: string | null };
  /** Measured by cross-fitting on the training data; `replyrank evaluate` measures on other data. */
  heldOut: { rows: number; top1: number; hits3: number; logLoss: number };
  seconds: number;
}

export interface ModelParts {
  description: ModelDescription;
  vocabulary: NgramVocabulary;
  dense: LinearHead;
  sparse: LinearHead;
  nearest: TicketBank;
  discriminant: LinearHead;
  /** Heads on the base encoder; null where the model has no encoder of its own */
  base: DenseHeads | null;
  contactTypeHead: LinearHead | null;
  /** The templates it was trained with. */
  templates: Candidate[];
  /** First 16 hex digits of SHA-256 of the ids of the rows it learned from. */
  trainedOn: string[];
}

/** The folder has no model that can be loaded; the message names the folder and the reason. */
export class ModelFolderError extends Error {
  override readonly name = 'ModelFolderError';
}

/**
 * Writes beside `folder` and renames: a folder that exists is complete, whenever the training is killed.
 *
 * @param writeMore adds files that are not needed to load the model
 * @throws ModelFolderError where `folder` exists: a version is never changed
 */
export async function saveModel(
  folder: string,
  parts: ModelParts,
  writeMore: (fresh: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const fresh = unfinishedFolder(folder, 'unfinished');
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const { description, vocabulary, templates, trainedOn } = parts;
  const tensors = new Map<string, Tensor>([
    ['vocabulary.idf', { shape: [vocabulary.size], values: vocabulary.idf }],
    ...headTensors('sparse', parts.sparse),
    ...denseTensors('', parts),
    ...(parts.base ? denseTensors(basePrefix, parts.base) : []),
    ...(parts.contactTypeHead ? headTensors('contactType', parts.contactTypeHead) : []),
  ]);
  await writeSafetensors(join(fresh, weightsFile), tensors);
  await writeFile(join(fresh, 'vocabulary.json'), JSON.stringify(vocabulary.features));
  await writeFile(
    join(fresh, 'templates.jsonl'),
    templates.map((template) => `${JSON.stringify(toLine(template))}\n`).join(''),
  );
  await writeFile(join(fresh, trainedOnFile), JSON.stringify({ ids: trainedOn, nearest: parts.nearest.ids }));
  await writeMore(fresh);
  await writeFile(join(fresh, 'model.json'), `${JSON.stringify(description, null, 2)}\n`);
  try {
    await rename(fresh, folder);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
    throw new ModelFolderError(existsAlready(folder));
  }
}

/**
 * Before an hour of training, not after it.
 *
 * @throws ModelFolderError where a training could not put its model
 */
export async function checkNotThere(folder: string): Promise<void> {
  const inIt = await readdir(folder).catch((error: unknown) =>
    (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : ['a file'],
  );
  if (inIt.length > 0) throw new ModelFolderError(existsAlready(folder));
}

const existsAlready = (folder: string): string =>
  `${folder} exists already: a model version is never changed, take another folder`;

/** @throws ModelFolderError naming what is missing or broken */
export async function loadModel(folder: string): Promise<ModelParts> {
  try {
    const description = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as ModelDescription;
    if (description.format !== modelFormat) {
      throw new Error(
        `its format is ${description.format}; this version reads format ${modelFormat}. Train the model again`,
      );
    }
    const tensors = await readSafetensors(join(folder, weightsFile));
    const words = JSON.parse(await readFile(join(folder, 'vocabulary.json'), 'utf8')) as string[];
    const lines = (await readFile(join(folder, 'templates.jsonl'), 'utf8')).split('\n').filter(Boolean);
    const { ids, nearest: bankIds } = JSON.parse(await readFile(join(folder, trainedOnFile), 'utf8')) as TrainedOn;
    const sparse = readHead(tensors, 'sparse');
    const own = readDenseHeads(tensors, '', bankIds);
    const base = readDenseHeads(tensors, basePrefix, bankIds);
    const idf = tensors.get('vocabulary.idf')?.values;
    if (!own || !sparse || Boolean(description.encoder.base) !== Boolean(base) || idf?.length !== words.length)
      throw new Error('its weights are incomplete');
    return {
      description,
      vocabulary: new NgramVocabulary(words, idf),
      ...own,
      sparse,
      base,
      contactTypeHead: readHead(tensors, 'contactType'),
      templates: lines.map((line) => {
        const { id, ...text } = JSON.parse(line) as { id: string } & Omit<Candidate, 'templateId'>;
        return { templateId: id, ...text };
      }),
      trainedOn: ids,
    };
  } catch (error) {
    throw new ModelFolderError(`${folder} has no model that can be loaded: ${(error as Error).message}`);
  }
}

const toLine = ({ templateId: id, ...text }: Candidate): object => ({ id, ...text });

function headTensors(name: string, { weights, bias, classes }: LinearHead): [string, Tensor][] {
  return [
    [`${name}.weights`, { shape: [weights.length / classes, classes], values: weights }],
    [`${name}.bias`, { shape: [classes], values: bias }],
  ];
}

function readHead(tensors: Map<string, Tensor>, name: string): LinearHead | null {
  const weights = tensors.get(`${name}.weights`);
  const bias = tensors.get(`${name}.bias`);
  return weights && bias ? { weights: weights.values, bias: bias.values, classes: bias.values.length } : null;
}

function denseTensors(prefix: string, { dense, nearest, discriminant }: DenseHeads): [string, Tensor][] {
  return [
    ...headTensors(`${prefix}dense`, dense),
    ...bankTensors(prefix, nearest),
    ...headTensors(`${prefix}discriminant`, discriminant),
  ];
}

function readDenseHeads(tensors: Map<string, Tensor>, prefix: string, ids: (string | null)[]): DenseHeads | null {
  const dense = readHead(tensors, `${prefix}dense`);
  const nearest = readBank(tensors, prefix, ids);
  const discriminant = readHead(tensors, `${prefix}discriminant`);
  return dense && nearest && discriminant ? { dense, nearest, discriminant } : null;
}

function bankTensors(prefix: string, { embeddings, size, counts }: TicketBank): [string, Tensor][] {
  return [
    [`${prefix}${bankTensor}`, { shape: [embeddings.length / size, size], values: embeddings }],
    [`${prefix}nearest.counts`, { shape: [counts.length], values: Float32Array.from(counts) }],
  ];
}

function readBank(tensors: Map<string, Tensor>, prefix: string, ids: (string | null)[]): TicketBank | null {
  const embeddings = tensors.get(`${prefix}${bankTensor}`);
  const counts = tensors.get(`${prefix}nearest.counts`);
  if (!embeddings || !counts) return null;
  const size = embeddings.shape[1] ?? 0;
  return { embeddings: embeddings.values, size, counts: Int32Array.from(counts.values), ids };
}
