/**
 * Some of the tickets that a model was trained for, as the evidence after an alarm needs them: what the model said of each
 * without having learned from it, and what was right. Of their texts only counts are kept.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../models/safetensors.js';
import { isGarbled } from './garbled-text.js';
import type { LabelledObservation } from './observation.js';
import { countWords, type WordCounts } from './typical-words.js';

export interface ReferenceSample {
  tickets: readonly LabelledObservation[];
  texts: TextSummary;
}

export interface TextSummary {
  words: WordCounts;
  /** How many texts were garbled already */
  garbled: number;
}

/** More make no estimate much better. */
export const mostSampled = 3_000;
/** Words of fewer tickets can name a customer. */
const fewestTicketsOfAWord = 3;
const linesFile = 'reference-sample.jsonl';
const textsFile = 'reference-texts.json';
const embeddingsFile = 'reference-sample.safetensors';

export function summariseTexts(texts: readonly string[]): TextSummary {
  return { words: countWords(texts, fewestTicketsOfAWord), garbled: texts.filter(isGarbled).length };
}

/** Writes into a model's folder. A ticket without an embedding has a row of zeros. */
export async function writeReferenceSample(folder: string, { tickets, texts }: ReferenceSample): Promise<void> {
  const size = tickets.find(({ embedding }) => embedding !== null)?.embedding?.length ?? 0;
  const values = new Float32Array(tickets.length * size);
  tickets.forEach(({ embedding }, index) => values.set(embedding ?? [], index * size));
  await writeSafetensors(
    join(folder, embeddingsFile),
    new Map([['embeddings', { shape: [tickets.length, size], values }]]),
  );
  await writeFile(join(folder, textsFile), JSON.stringify(texts));
  const lines = tickets.map(({ embedding, ...ticket }) => JSON.stringify({ ...ticket, embedded: embedding !== null }));
  await writeFile(join(folder, linesFile), lines.map((line) => `${line}\n`).join(''));
}

/** @returns null where the folder has no sample: its model was trained before there were any */
export async function readReferenceSample(folder: string): Promise<ReferenceSample | null> {
  let text: string;
  try {
    text = await readFile(join(folder, linesFile), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const embeddings = (await readSafetensors(join(folder, embeddingsFile))).get('embeddings');
  const size = embeddings?.shape[1] ?? 0;
  const lines = text.split('\n').filter(Boolean);
  return {
    tickets: lines.map((line, index) => {
      const { embedded, occurredAt, ...ticket } = JSON.parse(line) as Omit<
        LabelledObservation,
        'embedding' | 'occurredAt'
      > & { embedded: boolean; occurredAt: string };
      const embedding = embedded ? (embeddings?.values.slice(index * size, (index + 1) * size) ?? null) : null;
      return { ...ticket, occurredAt: new Date(occurredAt), embedding };
    }),
    texts: JSON.parse(await readFile(join(folder, textsFile), 'utf8')) as TextSummary,
  };
}
