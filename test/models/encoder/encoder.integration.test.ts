/** The encoder against the reference implementation (Hugging Face transformers), on small weights: support/small-encoders.py */
import { cp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Encoder } from '../../../src/models/encoder/encoder.js';
import { readSafetensors, writeSafetensors } from '../../../src/models/tensors/safetensors.js';
import { loadTensorflow, type Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { cosine } from '../../../src/models/features/ticket-features.js';
import { TextWindows } from '../../../src/models/encoder/text-windows.js';
import { scratchFolder } from '../../support/models.js';
import { smallEncoder } from '../../support/small-encoder.js';

interface Expected {
  text: string;
  windows: number[][];
  embedding: number[];
}

const encoders = resolve(import.meta.dirname, '../../support/small-encoders');
const longest = 32;

let tf: Tensorflow;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  ({ tf } = await loadTensorflow('cpu'));
  scratch = await scratchFolder();
});
afterAll(() => scratch.remove());

describe.each(['bert', 'xlm-roberta'])('an encoder of the family %s', (family) => {
  const folder = join(encoders, family);
  let expected: Expected[];
  let encoder: Encoder;
  beforeAll(async () => {
    expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')) as Expected[];
    encoder = await Encoder.open(tf, folder, join(scratch.folder, family));
  });

  test('reads texts of many scripts, long ones in windows, in the reference’s tokens', async () => {
    const windows = await TextWindows.open(folder, longest);
    for (const { text, windows: wanted } of expected)
      expect({ text, ids: windows.split(text) }).toEqual({ text, ids: wanted });
  });

  test('embeds them as the reference does, alone and together', () => {
    const together = encoder.encode(expected.map(({ text }) => text));
    expected.forEach(({ text, embedding, windows }, index) => {
      for (const views of [together[index], encoder.encode([text])[0]]) {
        const own = encoder.pickEmbedding(views ?? new Float32Array());
        if (windows.length === 0) expect(own).toBeNull();
        else expect(cosine(own ?? new Float32Array(), Float32Array.from(embedding)), text).toBeGreaterThan(1 - 1e-5);
      }
    });
  });

  test('gives as many numbers of every text where it has a single layer', async () => {
    const shallow = await smallEncoder(folder, join(scratch.folder, `${family}-shallow`), 1);
    const other = await Encoder.open(tf, shallow, join(scratch.folder, family));
    const texts = ['a card', 'where is the card that I ordered two weeks ago', 'refund', 'my money, please'];
    const together = other.encode(texts);
    texts.forEach((text, index) => {
      const [alone] = other.encode([text]);
      for (let view = 0; view < 5; view += 1) {
        const [own, wanted] = [together[index], alone].map((views) =>
          (views ?? new Float32Array()).subarray(view * other.size, (view + 1) * other.size),
        );
        expect(cosine(own ?? new Float32Array(), wanted ?? new Float32Array())).toBeCloseTo(1, 4);
      }
    });
  });

  test('can be read where its weights stand under a model’s name', async () => {
    const renamed = join(scratch.folder, `${family}-renamed`);
    await cp(folder, renamed, { recursive: true });
    const tensors = await readSafetensors(join(folder, 'model.safetensors'));
    const named = new Map([...tensors].map(([name, tensor]) => [`model.${name}`, tensor]));
    await writeSafetensors(join(renamed, 'model.safetensors'), named);
    const other = await Encoder.open(tf, renamed, join(scratch.folder, family));
    expect(other.encode(['a card'])[0]).toEqual(encoder.encode(['a card'])[0]);
  });
});
