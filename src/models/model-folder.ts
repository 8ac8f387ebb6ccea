/** A model version on disk: an immutable folder that holds all that is needed to judge it and to load it again. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AbstentionRule } from './abstention.js';
import type { Combination } from './combination.js';
import type { FieldFeature } from './field-features.js';
import type { LinearHead } from './linear-svm.js';
import { NgramVocabulary } from './ngrams.js';
import type { TicketBank } from './nearest-tickets.js';
import type { Candidate } from './ranker.js';
import { bankTensor, trainedOnFile, weightsFile, type TrainedOn } from './trained-on.js';
import { readSafetensors, writeSafetensors, type Tensor } from './safetensors.js';

const format = 5;
/** Of a model with an encoder of its own */
export const encoderFolder = 'encoder';

/** What stands in model.json. Figures in percent as in `replyrank evaluate`. */
export interface ModelDescription {
  format: number;
  version: string;
  recipe: 'frozen' | 'finetune';
  createdAt: string;
  seed: number;
  /** With `finetune` it lies in the model's folder, in `encoder`. */
  encoder: { hash: string; size: number };
  /** Which of the encoder's numbers the dense head looks at */
  views: number;
  /** Template ids, the classes of the heads */
  classes: string[];
  /** Labels of each class in training */
  labelCounts: number[];
  contactTypes: string[];
  /** Contact type of each class where it follows from the template; else a head of its own predicts it. */
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
  contactTypeHead: LinearHead | null;
  /** The templates it was trained with. */
  templates: Candidate[];
  /** First 16 hex digits of SHA-256 of the ids of the rows it learned from. */
  trainedOn: string[];
}

/** The folder holds no model that can be loaded; the message names the folder and what is wrong. */
export class ModelFolderError extends Error {
  override readonly name = 'ModelFolderError';
}

/**
 * Writes beside `folder` and renames: whoever finds the folder finds all of it, whenever the training is killed.
 *
 * @param writeMore puts into the folder what is not needed to load the model
 * @throws ModelFolderError where `folder` exists: a version is never changed
 */
export async function saveModel(
  folder: string,
  parts: ModelParts,
  writeMore: (fresh: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const fresh = join(dirname(folder), `.${basename(folder)}.${process.pid}.unfinished`);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const { description, vocabulary, templates, trainedOn } = parts;
  const tensors = new Map<string, Tensor>([
    ['vocabulary.rarity', { shape: [vocabulary.size], values: vocabulary.rarity }],
    ...headTensors('dense', parts.dense),
    ...headTensors('sparse', parts.sparse),
    ...bankTensors(parts.nearest),
    ...headTensors('discriminant', parts.discriminant),
    ...(parts.contactTypeHead ? headTensors('contactType', parts.contactTypeHead) : []),
  ]);
  await writeSafetensors(join(fresh, weightsFile), tensors);
  await writeFile(join(fresh, 'vocabulary.json'), JSON.stringify(vocabulary.features));
  await writeFile(
    join(fresh, 'templates.jsonl'),
    templates.map((template) => `${JSON.stringify(asLine(template))}\n`).join(''),
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
    throw new ModelFolderError(`${folder} exists already: a model version is never changed, take another folder`);
  }
}

/** @throws ModelFolderError naming what is missing or broken */
export async function loadModel(folder: string): Promise<ModelParts> {
  try {
    const description = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as ModelDescription;
    if (description.format !== format) {
      throw new Error(`its format is ${description.format}; this program reads ${format}`);
    }
    const tensors = await readSafetensors(join(folder, weightsFile));
    const words = JSON.parse(await readFile(join(folder, 'vocabulary.json'), 'utf8')) as string[];
    const lines = (await readFile(join(folder, 'templates.jsonl'), 'utf8')).split('\n').filter(Boolean);
    const { ids, nearest: bankIds } = JSON.parse(await readFile(join(folder, trainedOnFile), 'utf8')) as TrainedOn;
    const dense = headOf(tensors, 'dense');
    const sparse = headOf(tensors, 'sparse');
    const discriminant = headOf(tensors, 'discriminant');
    const rarity = tensors.get('vocabulary.rarity')?.values;
    const nearest = bankOf(tensors, bankIds);
    if (!dense || !sparse || !nearest || !discriminant || rarity?.length !== words.length)
      throw new Error('its weights are not complete');
    return {
      description,
      vocabulary: new NgramVocabulary(words, rarity),
      dense,
      sparse,
      nearest,
      discriminant,
      contactTypeHead: headOf(tensors, 'contactType'),
      templates: lines.map((line) => {
        const { id, ...text } = JSON.parse(line) as { id: string } & Omit<Candidate, 'templateId'>;
        return { templateId: id, ...text };
      }),
      trainedOn: ids,
    };
  } catch (error) {
    throw new ModelFolderError(`${folder} holds no model that can be loaded: ${(error as Error).message}`);
  }
}

export const modelFormat = format;

const asLine = ({ templateId: id, ...text }: Candidate): object => ({ id, ...text });

function headTensors(name: string, { weights, bias, classes }: LinearHead): [string, Tensor][] {
  return [
    [`${name}.weights`, { shape: [weights.length / classes, classes], values: weights }],
    [`${name}.bias`, { shape: [classes], values: bias }],
  ];
}

function headOf(tensors: Map<string, Tensor>, name: string): LinearHead | null {
  const weights = tensors.get(`${name}.weights`);
  const bias = tensors.get(`${name}.bias`);
  return weights && bias ? { weights: weights.values, bias: bias.values, classes: bias.values.length } : null;
}

function bankTensors({ embeddings, size, counts }: TicketBank): [string, Tensor][] {
  return [
    [bankTensor, { shape: [embeddings.length / size, size], values: embeddings }],
    ['nearest.counts', { shape: [counts.length], values: Float32Array.from(counts) }],
  ];
}

function bankOf(tensors: Map<string, Tensor>, ids: (string | null)[]): TicketBank | null {
  const embeddings = tensors.get(bankTensor);
  const counts = tensors.get('nearest.counts');
  if (!embeddings || !counts) return null;
  const size = embeddings.shape[1] ?? 0;
  return { embeddings: embeddings.values, size, counts: Int32Array.from(counts.values), ids };
}
