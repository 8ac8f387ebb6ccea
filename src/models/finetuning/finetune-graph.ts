/**
 * One step of training a BERT encoder with a head on it, as one TensorFlow graph: the texts of a batch in, weights changed.
 * No padding is computed outside attention: the tokens of all texts stand one after another.
 *
 * Losses: cross-entropy of the head, and supervised contrastive loss on the embeddings (Khosla et al. 2020). AdamW
 * (Loshchilov & Hutter 2019) with gradients clipped by their norm; lower layers learn more slowly (Howard & Ruder 2018).
 * The embeddings of words and positions stay as they are.
 */
import { adamw, type AdamwOptions, type TrainedWeight } from '../tensors/adamw.js';
import { dropout, gelu, l2Normalise, layerNorm, softmax } from '../tensors/autodiff-layers.js';
import { DifferentiableGraph, type Precision } from '../tensors/autodiff.js';
import { bert, type BertOperations } from '../encoder/bert.js';
import type { EncoderConfig } from '../encoder/encoder-config.js';
import { positionEmbeddings } from '../encoder/encoder-weights.js';
import { inputShapes, stepInputs, trainInputs } from './finetune-inputs.js';
import { float, GraphBuilder } from '../tensors/graph-builder.js';
import { integer, shape, type, type DataType, type Output, type TensorInfo } from '../tensors/graph-writer.js';
import type { Tensor } from '../tensors/safetensors.js';

export interface FinetuneGraphOptions extends AdamwOptions {
  config: EncoderConfig;
  /** By BERT's names, dense kernels as [out, in] */
  tensors: ReadonlyMap<string, Tensor>;
  /** Weights of the head at the start, [classes, hidden] */
  head: Tensor;
  precision: Precision;
  /** Learning rate of a layer relative to the layer above it, 0–1 */
  layerDecay: number;
  /** Learning rate of the head relative to the last layer */
  headRate: number;
  /** Of the similarities in the contrastive loss */
  temperature: number;
}

export const signatures = { train: 'train', classify: 'classify', weights: 'weights' } as const;

/** A part of the flat tensor that the signature `weights` gives. */
export interface WeightPart {
  name: string;
  shape: number[];
}

type Inputs = Record<keyof typeof trainInputs, Output>;

interface Context {
  options: FinetuneGraphOptions;
  builder: GraphBuilder;
  diff: DifferentiableGraph;
  weights: GraphWeights;
  input: Inputs;
  shapes: Shapes;
  dropped: (x: Output) => Output;
}

/** Of the batch: [batch, time, 3, heads, size], [batch, time, hidden], and [tokens, hidden] */
interface Shapes {
  heads: Output;
  texts: Output;
  tokens: Output;
}

/** @returns the graph's files, and the names and shapes of what `weights` gives, in order */
export function finetuneGraph(options: FinetuneGraphOptions): {
  savedModel: Buffer;
  weights: Float32Array[];
  parts: WeightPart[];
} {
  const context = openContext(options);
  const { builder, diff, weights, input } = context;
  const { graph } = builder;

  const hiddenStates = bert(options.config, trainingOperations(context));
  const encoderWeights = [...weights.trained];
  const embedding = meanOverTokens(context, hiddenStates.at(-1) ?? '');
  const { logits, loss, contrast } = losses(context, embedding);
  const gradients = diff.backward(weights.trained.map(({ value }) => value));
  const { updates, norm } = adamw(builder, weights.trained, gradients, input.rate, options);

  const afterUpdates = (value: Output): TensorInfo =>
    info('float32', graph.add('Identity', [value], float, { control: updates }), []);
  const classes = options.head.shape[0] ?? 0;
  const savedModel = graph.savedModel({
    signatures: {
      [signatures.train]: {
        inputs: describeInputs(input, trainInputs),
        outputs: { loss: afterUpdates(loss), contrast: afterUpdates(contrast), norm: afterUpdates(norm) },
      },
      [signatures.classify]: {
        inputs: describeInputs(input, stepInputs),
        outputs: { logits: info('float32', logits, [-1, classes]) },
      },
      [signatures.weights]: {
        inputs: {},
        outputs: { weights: info('float32', flatten(builder, encoderWeights), [-1]) },
      },
    },
    initialiser: builder.initialiser(),
    assets: [{ constant: builder.path, file: 'weights.bin' }],
  });
  const parts = encoderWeights.map(({ name, shape: size }) => ({ name, shape: size }));
  return { savedModel, weights: builder.weights(), parts };
}

function openContext(options: FinetuneGraphOptions): Context {
  const builder = new GraphBuilder();
  const input = addInputs(builder);
  const diff = new DifferentiableGraph(builder, options.precision);
  const shapes = batchShapes(builder, options.config, input.mask);
  let dropouts = 0;
  const dropped = (x: Output): Output => {
    dropouts += 1;
    return dropout(diff, x, { keep: input.keep, seed: input.seed, place: dropouts });
  };
  return { options, builder, diff, weights: new GraphWeights(builder, diff, options), input, shapes, dropped };
}

/** The weights of the graph, in the order in which they are asked for. */
class GraphWeights {
  readonly trained: TrainedWeight[] = [];

  constructor(
    private readonly builder: GraphBuilder,
    private readonly diff: DifferentiableGraph,
    private readonly options: FinetuneGraphOptions,
  ) {}

  tensor(name: string): Tensor {
    const found = this.options.tensors.get(name);
    if (!found) throw new Error(`the weights lack ${name}: is this a BERT encoder?`);
    return found;
  }

  frozen(name: string, value: Tensor = this.tensor(name)): Output {
    return this.builder.variable(name, value);
  }

  /** @param rateFactor of the learning rate; default: that of the layer that the weight belongs to */
  train(name: string, value: Tensor = this.tensor(name), rateFactor = this.layerRate(name)): Output {
    const parameter = this.builder.parameter(name, value);
    this.diff.track(parameter.value);
    this.trained.push({ ...parameter, name, shape: value.shape, rateFactor });
    return parameter.value;
  }

  private layerRate(name: string): number {
    const layer = Number(/^encoder\.layer\.(\d+)\./.exec(name)?.[1]);
    return this.options.layerDecay ** (this.options.config.num_hidden_layers - 1 - layer);
  }
}

function trainingOperations({ options, builder, diff, weights, input, shapes, dropped }: Context): BertOperations {
  const { graph } = builder;
  const { num_attention_heads: heads, hidden_size: hidden, layer_norm_eps: epsilon } = options.config;
  const padding = paddingLogits(builder, input.mask);
  const dense = (x: Output, name: string): Output =>
    diff.dense(x, weights.train(`${name}.weight`), weights.train(`${name}.bias`));
  // Query, key and value are one product, and one weight in the optimizer.
  const attentionTensor = (name: string, kind: string): Tensor =>
    concatRows(['query', 'key', 'value'].map((part) => weights.tensor(`${name}.${part}.${kind}`)));
  return {
    embed: () => embedTokens(builder, weights, options.config, input),
    layerNorm(x, name) {
      const weight = (kind: string): Output =>
        name.startsWith('embeddings.') ? weights.frozen(`${name}.${kind}`) : weights.train(`${name}.${kind}`);
      return layerNorm(diff, x, { gamma: weight('weight'), beta: weight('bias'), epsilon });
    },
    addProjected: (x, name, block) => diff.add(x, dropped(dense(block(0), name))),
    projectHeads(x, name) {
      const projected = diff.dense(
        x,
        weights.train(`${name}.weight`, attentionTensor(name, 'weight')),
        weights.train(`${name}.bias`, attentionTensor(name, 'bias')),
      );
      const padded = diff.reshape(diff.gatherRows(projected, input.padded, input.places, 3 * hidden), shapes.heads);
      const [query = '', key = '', value = ''] = diff.unpack(diff.transpose(padded, [2, 0, 3, 1, 4]), 3);
      return { query, key, value };
    },
    attentionWeights(query, key) {
      const scores = diff.scale(diff.batchMatMul(query, key, true), graph.floats([(hidden / heads) ** -0.5]));
      return dropped(softmax(diff, diff.shift(scores, padding)));
    },
    batchMatMul: (a, b, transposed) => diff.batchMatMul(a, b, transposed),
    mergeHeads(x) {
      const merged = diff.reshape(diff.transpose(x, [0, 2, 1, 3]), shapes.tokens);
      return diff.gatherRows(merged, input.places, input.padded, hidden);
    },
    feedForward: (x, name) => gelu(diff, dense(x, name)),
  };
}

function embedTokens(builder: GraphBuilder, weights: GraphWeights, config: EncoderConfig, input: Inputs): Output {
  const { graph } = builder;
  const types = { Tparams: type('float32'), Tindices: type('int32'), Taxis: type('int32'), batch_dims: integer(0) };
  const gather = (table: Output, rows: Output): Output =>
    graph.add('GatherV2', [table, rows, graph.ints([0], [])], types);
  const positions = positionEmbeddings(config, (name) => weights.tensor(name));
  return builder.op(
    'AddV2',
    gather(weights.frozen('embeddings.word_embeddings.weight'), input.ids),
    gather(weights.frozen('embeddings.positions', positions), input.positions),
  );
}

/** @returns the mean of each text's tokens, [texts, hidden] */
function meanOverTokens({ options, builder, diff, input, shapes }: Context, state: Output): Output {
  const padded = diff.gatherRows(state, input.padded, input.places, options.config.hidden_size);
  const sum = diff.sum(diff.reshape(padded, shapes.texts), 1);
  const count = builder.reduce('Sum', input.mask, 1, true);
  return diff.scale(sum, builder.graph.add('Reciprocal', [count], float));
}

function losses(
  { options, builder, diff, weights, input, dropped }: Context,
  embedding: Output,
): { logits: Output; loss: Output; contrast: Output } {
  const { head, headRate, temperature } = options;
  const classes = head.shape[0] ?? 0;
  const bias = { shape: [classes], values: new Float32Array(classes) };
  const logits = diff.dense(
    dropped(embedding),
    weights.train('head.weight', head, headRate),
    weights.train('head.bias', bias, headRate),
  );
  const similarity = diff.selfSimilarity(l2Normalise(diff, embedding));
  const scaled = diff.scale(similarity, builder.graph.floats([1 / temperature]));
  const loss = diff.crossEntropy(logits, input.targets, input.weights);
  const contrast = diff.crossEntropy(diff.shift(scaled, input.apart), input.positives, input.anchors);
  return { logits, loss, contrast };
}

function addInputs({ graph }: GraphBuilder): Inputs {
  const placeholders = Object.entries(trainInputs).map(([name, dtype]) => {
    const size = shape(inputShapes[name as keyof typeof inputShapes]);
    return [name, graph.add('Placeholder', [], { dtype: type(dtype), shape: size }, { name })];
  });
  return Object.fromEntries(placeholders) as Inputs;
}

function describeInputs(input: Inputs, names: Record<string, DataType>): Record<string, TensorInfo> {
  const described = Object.entries(names).map(([name, dtype]) => {
    const key = name as keyof typeof trainInputs;
    return [name, info(dtype, input[key], inputShapes[key])];
  });
  return Object.fromEntries(described) as Record<string, TensorInfo>;
}

const info = (dtype: DataType, output: Output, size: readonly number[]): TensorInfo => ({ output, dtype, shape: size });

function batchShapes({ graph }: GraphBuilder, config: EncoderConfig, mask: Output): Shapes {
  const { num_attention_heads: heads, hidden_size: hidden } = config;
  const sizes = graph.add('Shape', [mask], { ...float, out_type: type('int32') });
  const append = (rest: number[]): Output =>
    graph.add('ConcatV2', [sizes, graph.ints(rest), graph.ints([0], [])], {
      T: type('int32'),
      N: integer(2),
      Tidx: type('int32'),
    });
  return { heads: append([3, heads, hidden / heads]), texts: append([hidden]), tokens: graph.ints([-1, hidden]) };
}

/** Added to attention scores: 0 for a token, -1e9 for padding, [batch, 1, 1, time] */
function paddingLogits(builder: GraphBuilder, mask: Output): Output {
  const { graph } = builder;
  const logits = builder.op('Mul', builder.op('Sub', mask, graph.floats([1])), graph.floats([1e9]));
  return expandDims(builder, expandDims(builder, logits, 1), 1);
}

function expandDims({ graph }: GraphBuilder, x: Output, axis: number): Output {
  return graph.add('ExpandDims', [x, graph.ints([axis], [])], { ...float, Tdim: type('int32') });
}

/** All weights, one after another */
function flatten(builder: GraphBuilder, weights: readonly TrainedWeight[]): Output {
  const { graph } = builder;
  const flat = weights.map(({ value }) => builder.reshape(value, graph.ints([-1])));
  return graph.add('ConcatV2', [...flat, graph.ints([0], [])], {
    ...float,
    N: integer(weights.length),
    Tidx: type('int32'),
  });
}

function concatRows(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const values = new Float32Array(tensors.reduce((sum, { values: part }) => sum + part.length, 0));
  let start = 0;
  for (const { values: part } of tensors) {
    values.set(part, start);
    start += part.length;
  }
  return { shape: [tensors.length * (first?.shape[0] ?? 0), ...(first?.shape.slice(1) ?? [])], values };
}
