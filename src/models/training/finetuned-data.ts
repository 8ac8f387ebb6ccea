/** Token ids for the encoder's training, and the data encoded by the trained encoder. Texts are read again, not kept. */
import { readDataFile } from '../dataset/data-file.js';
import type { Encoder } from '../encoder/encoder.js';
import { encodeTemplates } from '../dataset/template-rows.js';
import { TextWindows } from '../encoder/text-windows.js';
import { ticketText } from '../features/ticket-text.js';
import { type DataSettings, type TrainingData } from '../dataset/training-data.js';
import { toRankInput } from '../dataset/data-row.js';

const textsPerCall = 512;
/** Tokens per ticket in the encoder's training; the heads use the whole text */
const maxTrainingTokens = 128;

type Source = Pick<DataSettings, 'file' | 'columns' | 'knownContactType'>;

/** @returns token ids of the first window of each row; empty for a text without tokens */
export async function firstWindows(
  { file, columns, knownContactType }: Source,
  encoderDir: string,
): Promise<Int32Array[]> {
  const windows = await TextWindows.open(encoderDir, maxTrainingTokens);
  const first: Int32Array[] = [];
  for await (const row of readDataFile(file, columns)) {
    first.push(Int32Array.from(windows.split(ticketText(toRankInput(row, knownContactType)))[0] ?? []));
  }
  return first;
}

/**
 * @param source with the text of each class's template
 * @returns the data, tickets and templates encoded by another encoder
 */
export async function encodeAgain(
  encoder: Encoder,
  data: TrainingData,
  source: Source & { templates: readonly string[] },
): Promise<TrainingData> {
  const { file, columns, knownContactType } = source;
  const { width } = data.dense;
  const values = new Float32Array(data.dense.values.length);
  let waiting: ReturnType<typeof toRankInput>[] = [];
  let row = 0;
  const encode = (): void => {
    const encoded = encoder.encode(waiting.map(ticketText));
    waiting.forEach((input, index) => {
      values.set(data.features.dense(input, encoded[index] ?? new Float32Array(encoder.width)), row * width);
      row += 1;
    });
    waiting = [];
  };
  for await (const line of readDataFile(file, columns)) {
    waiting.push(toRankInput(line, knownContactType));
    if (waiting.length >= textsPerCall) encode();
  }
  encode();
  return { ...data, dense: { values, width, templates: encodeTemplates(encoder, data.features, source.templates) } };
}
