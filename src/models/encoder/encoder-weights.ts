/** The encoder's weights as its graph uses them. */
import type { EncoderConfig } from './encoder-config.js';
import type { GraphBuilder } from '../tensors/graph-builder.js';
import type { Output } from '../tensors/graph-writer.js';
import type { Tensor } from '../tensors/safetensors.js';

/** One tensor beside another along their last axis. Both [rows, columns] or [columns]. */
function concatColumns(tensors: Tensor[]): Tensor {
  const columns = tensors.map((tensor) => tensor.shape.at(-1) ?? 0);
  const width = columns.reduce((sum, count) => sum + count, 0);
  const rows = tensors[0]?.shape.length === 2 ? (tensors[0].shape[0] ?? 0) : 1;
  const values = new Float32Array(rows * width);
  let left = 0;
  tensors.forEach((tensor, index) => {
    const count = columns[index] ?? 0;
    for (let row = 0; row < rows; row += 1) {
      values.set(tensor.values.subarray(row * count, (row + 1) * count), row * width + left);
    }
    left += count;
  });
  return { shape: tensors[0]?.shape.length === 2 ? [rows, width] : [width], values };
}

function transpose({ shape: [rows = 0, columns = 0], values }: Tensor): Tensor {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return { shape: [columns, rows], values: result };
}

function scale({ shape: size, values }: Tensor, factor: number): Tensor {
  return { shape: size, values: values.map((value) => value * factor) };
}

/** One of `of` parts of the rows; of a bias, of its numbers. `unit` rows stay together. */
function sliceRows({ shape: [rows = 0, ...rest], values }: Tensor, index: number, of: number, unit: number): Tensor {
  const width = rest[0] ?? 1;
  const edge = (place: number): number => Math.floor(((rows / unit) * place) / of) * unit;
  const [start, end] = [edge(index), edge(index + 1)];
  return { shape: [end - start, ...rest], values: values.subarray(start * width, end * width) };
}

/** What is added to a word's vector for its place. The type of a single text is always 0: its vector is in it too. */
export function positionEmbeddings(
  { hidden_size: hidden, positionOffset }: EncoderConfig,
  tensor: (name: string) => Tensor,
): Tensor {
  const positions = tensor('embeddings.position_embeddings.weight');
  const types = tensor('embeddings.token_type_embeddings.weight').values;
  return {
    shape: [(positions.shape[0] ?? 0) - positionOffset, hidden],
    values: positions.values
      .subarray(positionOffset * hidden)
      .map((value, index) => value + (types[index % hidden] ?? 0)),
  };
}

/**
 * @returns gives a weight by its name, which is BERT's without prefix, and by a shard's number where each shard has its part:
 *   `….kernel` is [in, out]; `attention.self.kernel` and `.bias` are those of a shard's queries (scaled), keys and values
 *   beside one another; `embeddings.positions` has the type's vector in it. Whoever asks twice gets the same.
 */
export function encoderWeights(
  builder: GraphBuilder,
  config: EncoderConfig,
  tensors: Map<string, Tensor>,
  shards: number,
): (name: string, shard?: number) => Output {
  const size = config.hidden_size / config.num_attention_heads;
  const words = 'embeddings.word_embeddings.weight';
  // A model for a task has its encoder's weights under a name of its own, such as `roberta.`.
  const prefix = [...tensors.keys()].find((name) => name.endsWith(words))?.slice(0, -words.length) ?? '';
  const tensor = (name: string): Tensor => {
    const found = tensors.get(`${prefix}${name}`);
    if (!found) throw new Error(`the weights lack ${name}: is this a BERT encoder?`);
    return found;
  };
  const ofAttention = (prefix: string, kind: 'weight' | 'bias', shard: number): Tensor => {
    const of = (name: string): Tensor => sliceRows(tensor(`${prefix}.${name}.${kind}`), shard, shards, size);
    // The scores' scale is in the queries.
    const parts = [scale(of('query'), size ** -0.5), of('key'), of('value')];
    return concatColumns(kind === 'weight' ? parts.map(transpose) : parts);
  };
  const made = (name: string, shard: number | undefined): Tensor => {
    if (name === 'embeddings.positions') return positionEmbeddings(config, tensor);
    const stored = name.replace(/kernel$/, 'weight');
    if (shard === undefined) return stored === name ? tensor(name) : transpose(tensor(stored));
    const [, prefix] = /^(.*attention\.self)\./.exec(name) ?? [];
    if (prefix !== undefined) return ofAttention(prefix, stored === name ? 'bias' : 'weight', shard);
    // What a shard has made of its part is all that it multiplies: of the products that end it, its part of the inputs.
    if (name.includes('intermediate')) {
      return stored === name
        ? sliceRows(tensor(name), shard, shards, 1)
        : transpose(sliceRows(tensor(stored), shard, shards, 1));
    }
    return sliceRows(transpose(tensor(stored)), shard, shards, name.includes('attention') ? size : 1);
  };
  const known = new Map<string, Output>();
  return (name, shard) => {
    const key = shard === undefined ? name : `${name}.${shard}`;
    const output = known.get(key) ?? builder.variable(key, made(name, shard));
    known.set(key, output);
    return output;
  };
}
