/**
 * One step of training a BERT encoder with a head on it, as one TensorFlow graph: the texts of a batch in, weights changed.
 * No padding is computed outside attention: the tokens of all texts stand one after another.
 *
 * Losses: cross-entropy of the head, and supervised contrastive loss on the embeddings (Khosla et al. 2020). AdamW
 * (Loshchilov & Hutter 2019) with gradients clipped by their norm; lower layers learn more slowly (Howard & Ruder 2018).
 * The embeddings of words and positions stay as they are.
 */
import { adamw, type AdamwOptions, type Trained } from '../tensors/adamw.js';
import { dropout, gelu, normalised, softmax, unit } from '../tensors/autodiff-layers.js';
import { DifferentiableFormula, type Precision } from '../tensors/autodiff.js';
import type { EncoderConfig } from '../encoder/encoder-config.js';
import { placedPositions } from '../encoder/encoder-weights.js';
import { inputShapes, stepInputs, trainInputs } from './finetune-inputs.js';
import { float, Formula } from '../tensors/graph-builder.js';
import { shape, type, whole, type DataType, type Output, type TensorInfo } from '../tensors/graph-writer.js';
import type { Tensor } from '../tensors/safetensors.js';

export interface FinetuneGraphOptions extends AdamwOptions {
  config: EncoderConfig;
  /** By BERT's names, dense kernels as [out, in] */
  tensors: ReadonlyMap<string, Tensor>;
  /** Weights of the head at the start, [classes, hidden] */
  head: Tensor;
  precision: Precision;
  /** How much more slowly a layer learns than the one above it, 0–1 */
  layerDecay: number;
  /** How much faster the head learns than the last layer */
  headRate: number;
  /** Of the likeness of embeddings in the contrastive loss */
  temperature: number;
}

export const signatures = { train: 'train', classify: 'classify', weights: 'weights' } as const;

/** A part of the flat tensor that the signature `weights` gives. */
export interface WeightPart {
  name: string;
  shape: number[];
}

/** @returns the graph's files, and what `weights` gives, part after part */
export function finetuneGraph(options: FinetuneGraphOptions): {
  savedModel: Buffer;
  weights: Float32Array[];
  parts: WeightPart[];
} {
  const { config, tensors, head, layerDecay, headRate, temperature } = options;
  const { num_hidden_layers: layers, num_attention_heads: heads, hidden_size: hidden, layer_norm_eps } = config;
  const size = hidden / heads;
  const formula = new Formula();
  const { graph } = formula;
  const input = Object.fromEntries(
    Object.entries(trainInputs).map(([name, dtype]) => [
      name,
      graph.add(
        'Placeholder',
        [],
        { dtype: type(dtype), shape: shape(inputShapes[name as keyof typeof inputShapes]) },
        { name },
      ),
    ]),
  ) as Record<keyof typeof trainInputs, Output>;
  const learned = new DifferentiableFormula(formula, options.precision);

  const tensor = (name: string): Tensor => {
    const found = tensors.get(name);
    if (!found) throw new Error(`the weights lack ${name}: is this a BERT encoder?`);
    return found;
  };
  const trained: Trained[] = [];
  const weight = (name: string, factor: number, value: Tensor = tensor(name)): Output => {
    const parameter = formula.parameter(name, value);
    learned.train(parameter.value);
    trained.push({ ...parameter, name, shape: value.shape, factor });
    return parameter.value;
  };
  const dense = (x: Output, prefix: string, factor: number): Output =>
    learned.dense(x, weight(`${prefix}.weight`, factor), weight(`${prefix}.bias`, factor));
  const layerNorm = (x: Output, prefix: string, factor: number): Output =>
    normalised(learned, x, {
      gamma: weight(`${prefix}.weight`, factor),
      beta: weight(`${prefix}.bias`, factor),
      epsilon: layer_norm_eps,
    });

  let dropouts = 0;
  const dropped = (x: Output): Output => {
    dropouts += 1;
    return dropout(learned, x, { keep: input.keep, seed: input.seed, place: dropouts });
  };

  const gather = { Tparams: type('float32'), Tindices: type('int32'), Taxis: type('int32'), batch_dims: whole(0) };
  const taken = (name: string, values: Tensor, which: Output): Output =>
    graph.add('GatherV2', [formula.variable(name, values), which, graph.ints([0], [])], gather);
  const words = 'embeddings.word_embeddings.weight';
  const embedded = formula.op(
    'AddV2',
    taken(words, tensor(words), input.ids),
    taken('embeddings.positions', placedPositions(config, tensor), input.positions),
  );
  const start = 'embeddings.LayerNorm';
  let x = formula.normalised(
    embedded,
    formula.variable(`${start}.weight`, tensor(`${start}.weight`)),
    formula.variable(`${start}.bias`, tensor(`${start}.bias`)),
    layer_norm_eps,
  );
  const maskSizes = graph.add('Shape', [input.mask], { ...float, out_type: type('int32') });
  const joined = (parts: (Output | number[])[]): Output =>
    graph.add(
      'ConcatV2',
      [...parts.map((part) => (typeof part === 'string' ? part : graph.ints(part))), graph.ints([0], [])],
      { T: type('int32'), N: whole(parts.length), Tidx: type('int32') },
    );
  const split = joined([maskSizes, [3, heads, size]]);
  const texts = joined([maskSizes, [hidden]]);
  const hiddenMask = formula.op('Mul', formula.op('Sub', input.mask, graph.floats([1])), graph.floats([1e9]));
  const unseen = expanded(formula, expanded(formula, hiddenMask, 1), 1);
  const flat = graph.ints([-1, hidden]);
  for (let layer = 0; layer < layers; layer += 1) {
    const p = `encoder.layer.${layer}`;
    const factor = layerDecay ** (layers - 1 - layer);
    const self = (kind: string): Tensor =>
      below(['query', 'key', 'value'].map((part) => tensor(`${p}.attention.self.${part}.${kind}`)));
    const qkv = learned.dense(
      x,
      weight(`${p}.attention.self.weight`, factor, self('weight')),
      weight(`${p}.attention.self.bias`, factor, self('bias')),
    );
    const padded = learned.reshape(learned.rows(qkv, input.padded, input.places, 3 * hidden), split);
    const [query = '', key = '', value = ''] = learned.unpack(learned.transpose(padded, [2, 0, 3, 1, 4]), 3);
    const scores = learned.scaled(learned.batchMatMul(query, key, true), graph.floats([size ** -0.5]));
    const attention = dropped(softmax(learned, learned.shifted(scores, unseen)));
    const mixed = learned.reshape(learned.transpose(learned.batchMatMul(attention, value, false), [0, 2, 1, 3]), flat);
    const tokens = learned.rows(mixed, input.places, input.padded, hidden);
    const attended = dropped(dense(tokens, `${p}.attention.output.dense`, factor));
    x = layerNorm(learned.add(x, attended), `${p}.attention.output.LayerNorm`, factor);
    const inner = gelu(learned, dense(x, `${p}.intermediate.dense`, factor));
    const outer = dropped(dense(inner, `${p}.output.dense`, factor));
    x = layerNorm(learned.add(x, outer), `${p}.output.LayerNorm`, factor);
  }
  const parts = trained.map(({ name, shape: ofPart }) => ({ name, shape: ofPart }));
  const encoderWeights = trained.map(({ value }) => value);
  const sum = learned.sum(learned.reshape(learned.rows(x, input.padded, input.places, hidden), texts), 1);
  const count = formula.reduce('Sum', input.mask, 1, true);
  const mean = learned.scaled(sum, graph.add('Reciprocal', [count], float));
  const classes = head.shape[0] ?? 0;
  const bias = { shape: [classes], values: new Float32Array(classes) };
  const logits = learned.dense(
    dropped(mean),
    weight('head.weight', headRate, head),
    weight('head.bias', headRate, bias),
  );
  const likeness = learned.scaled(learned.likeness(unit(learned, mean)), graph.floats([1 / temperature]));
  const loss = learned.loss(logits, input.targets, input.weights);
  const contrast = learned.loss(learned.shifted(likeness, input.apart), input.positives, input.anchors);
  const gradients = learned.backward(trained.map(({ value }) => value));
  const { updates, norm } = adamw(formula, trained, gradients, input.rate, options);
  const after = (value: Output): Output => graph.add('Identity', [value], float, { control: updates });
  const info = (dtype: DataType, output: Output, ofTensor: readonly number[]): TensorInfo => ({
    output,
    dtype,
    shape: ofTensor,
  });
  const inputsOf = (names: Record<string, DataType>): Record<string, TensorInfo> =>
    Object.fromEntries(
      Object.entries(names).map(([name, dtype]) => {
        const key = name as keyof typeof trainInputs;
        return [name, info(dtype, input[key], inputShapes[key])];
      }),
    );
  const scalar = (output: Output): TensorInfo => info('float32', after(output), []);
  const everything = graph.add(
    'ConcatV2',
    [...encoderWeights.map((value) => formula.reshape(value, graph.ints([-1]))), graph.ints([0], [])],
    { ...float, N: whole(encoderWeights.length), Tidx: type('int32') },
  );
  return {
    savedModel: graph.savedModel({
      signatures: {
        [signatures.train]: {
          inputs: inputsOf(trainInputs),
          outputs: { loss: scalar(loss), contrast: scalar(contrast), norm: scalar(norm) },
        },
        [signatures.classify]: {
          inputs: inputsOf(stepInputs),
          outputs: { logits: info('float32', logits, [-1, classes]) },
        },
        [signatures.weights]: { inputs: {}, outputs: { weights: info('float32', everything, [-1]) } },
      },
      initialiser: formula.initialiser(),
      assets: [{ constant: formula.path, file: 'weights.bin' }],
    }),
    weights: formula.weights(),
    parts,
  };
}

/** One tensor below another. */
function below(tensors: Tensor[]): Tensor {
  const [first] = tensors;
  const values = new Float32Array(tensors.reduce((sum, { values: part }) => sum + part.length, 0));
  tensors.reduce((start, { values: part }) => (values.set(part, start), start + part.length), 0);
  return { shape: [tensors.length * (first?.shape[0] ?? 0), ...(first?.shape.slice(1) ?? [])], values };
}

function expanded({ graph }: Formula, x: Output, axis: number): Output {
  return graph.add('ExpandDims', [x, graph.ints([axis], [])], { ...float, Tdim: type('int32') });
}
