/**
 * A sample of the tickets that a model was trained on, for diagnoses: their out-of-fold predictions and labels. Of their texts only
 * word counts are kept.
 */
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../../statistics/random.js';
import { readSafetensors, writeSafetensors } from '../../models/tensors/safetensors.js';
import { idHash } from '../../models/dataset/trained-on.js';
import { isGarbled } from '../observations/garbled-text.js';
import type { LabelledObservation } from '../observations/observation.js';
import { WordCounter, type WordCounts } from '../observations/typical-words.js';

export interface ReferenceSample {
  tickets: readonly LabelledObservation[];
  texts: TextSummary;
}

export interface TextSummary {
  words: WordCounts;
  /** Number of garbled texts */
  garbled: number;
}

/** A larger sample improves no estimate much. */
const maxSampled = 3_000;
/** Words of fewer tickets can name a customer. */
const minWordTickets = 3;
const linesFile = 'reference-sample.jsonl';
const textsFile = 'reference-texts.json';
const embeddingsFile = 'reference-sample.safetensors';

/** Keeps 3,000 random tickets (reservoir sampling, Vitter 1985), and counts the words of all texts. */
export class ReferenceSampler {
  private readonly tickets: LabelledObservation[] = [];
  private readonly words = new WordCounter();
  private readonly random: () => number;
  private seen = 0;
  private garbled = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  add(ticket: LabelledObservation, text: string): void {
    this.seen += 1;
    this.words.add(text);
    this.garbled += isGarbled(text) ? 1 : 0;
    const place = this.seen <= maxSampled ? this.seen - 1 : Math.floor(this.random() * this.seen);
    // The hash is enough to erase the ticket later.
    if (place < maxSampled) this.tickets[place] = { ...ticket, key: idHash(ticket.key) };
  }

  sample(): ReferenceSample {
    const words = this.words.result(minWordTickets);
    return { tickets: this.tickets, texts: { words, garbled: this.garbled } };
  }
}

/** Writes into a model's folder. A ticket without an embedding has a row of zeros. */
export async function writeReferenceSample(folder: string, { tickets, texts }: ReferenceSample): Promise<void> {
  const size = tickets.find(({ embedding }) => embedding !== null)?.embedding?.length ?? 0;
  const values = new Float32Array(tickets.length * size);
  tickets.forEach(({ embedding }, index) => values.set(embedding ?? [], index * size));
  const embeddings = new Map([['embeddings', { shape: [tickets.length, size], values }]]);
  await writeAtomically(join(folder, embeddingsFile), (fresh) => writeSafetensors(fresh, embeddings));
  await writeAtomically(join(folder, textsFile), (fresh) => writeFile(fresh, JSON.stringify(texts)));
  const lines = tickets.map(({ embedding, ...ticket }) => JSON.stringify({ ...ticket, embedded: embedding !== null }));
  await writeAtomically(join(folder, linesFile), (fresh) =>
    writeFile(fresh, lines.map((line) => `${line}\n`).join('')),
  );
}

async function writeAtomically(file: string, write: (fresh: string) => Promise<void>): Promise<void> {
  await write(`${file}.fresh`);
  await rename(`${file}.fresh`, file);
}

/** @returns ms since 1970; 0 where the folder has no sample */
export async function sampleWrittenAt(folder: string): Promise<number> {
  const written = await stat(join(folder, linesFile)).catch(() => null);
  return written?.mtimeMs ?? 0;
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

/** Removes tickets from the samples of all versions in `modelDir`. @param ids `source:ticketId` */
export async function eraseSampled(modelDir: string, ids: readonly string[]): Promise<void> {
  const wanted = new Set(ids.map(idHash));
  for (const name of await readdir(modelDir).catch(() => [])) {
    const folder = join(modelDir, name);
    const sample = await readReferenceSample(folder);
    if (!sample?.tickets.some(({ key }) => wanted.has(key))) continue;
    const kept = sample.tickets.filter(({ key }) => !wanted.has(key));
    await writeReferenceSample(folder, { ...sample, tickets: kept });
  }
}
