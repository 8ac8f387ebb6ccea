/** The weights of the encoder in the layout of its graph. */
import type { EncoderConfig } from './encoder-config.js';
import type { GraphBuilder } from '../tensors/graph-builder.js';
import type { Output } from '../tensors/graph-writer.js';
import type { Tensor } from '../tensors/safetensors.js';

/** Concatenates along the last axis; all tensors are [rows, columns] or [columns]. */
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

/** Part `index` of `count` of the rows (of a bias: of its numbers), in multiples of `unit` rows. */
function sliceRows({ shape: [rows = 0, ...rest], values }: Tensor, index: number, count: number, unit: number): Tensor {
  const width = rest[0] ?? 1;
  const edge = (place: number): number => Math.floor(((rows / unit) * place) / count) * unit;
  const [start, end] = [edge(index), edge(index + 1)];
  return { shape: [end - start, ...rest], values: values.subarray(start * width, end * width) };
}

/** Position embeddings plus the embedding of token type 0, which all tokens of a single text have. */
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
 * @returns a weight by BERT's name without prefix, and by shard where it is sharded: `….kernel` is [in, out];
 *   `attention.self.kernel` and `.bias` are a shard's queries (scaled), keys and values, concatenated; `embeddings.positions`
 *   includes the token type. Each weight is added to the graph once.
 */
export function encoderWeights(
  builder: GraphBuilder,
  config: EncoderConfig,
  tensors: Map<string, Tensor>,
  shards: number,
): (name: string, shard?: number) => Output {
  const size = config.hidden_size / config.num_attention_heads;
  const words = 'embeddings.word_embeddings.weight';
  // A model with a task head prefixes the encoder's weights, such as `roberta.`.
  const prefix = [...tensors.keys()].find((name) => name.endsWith(words))?.slice(0, -words.length) ?? '';
  const tensor = (name: string): Tensor => {
    const found = tensors.get(`${prefix}${name}`);
    if (!found) throw new Error(`the weights lack ${name}: is this a BERT encoder?`);
    return found;
  };
  const attentionTensor = (prefix: string, kind: 'weight' | 'bias', shard: number): Tensor => {
    const shardOf = (name: string): Tensor => sliceRows(tensor(`${prefix}.${name}.${kind}`), shard, shards, size);
    // The scale of the scores is part of the queries.
    const parts = [scale(shardOf('query'), size ** -0.5), shardOf('key'), shardOf('value')];
    return concatColumns(kind === 'weight' ? parts.map(transpose) : parts);
  };
  const layOut = (name: string, shard: number | undefined): Tensor => {
    if (name === 'embeddings.positions') return positionEmbeddings(config, tensor);
    const stored = name.replace(/kernel$/, 'weight');
    if (shard === undefined) return stored === name ? tensor(name) : transpose(tensor(stored));
    const [, prefix] = /^(.*attention\.self)\./.exec(name) ?? [];
    if (prefix !== undefined) return attentionTensor(prefix, stored === name ? 'bias' : 'weight', shard);
    // A shard multiplies only its own part: of an output projection, the rows of its inputs.
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
    const output = known.get(key) ?? builder.variable(key, layOut(name, shard));
    known.set(key, output);
    return output;
  };
}
