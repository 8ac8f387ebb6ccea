/** One run through the encoder that serves: token ids of a batch to the pooled vectors of its texts. */
import { float, type GraphBuilder } from '../tensors/graph-builder.js';
import { bool, integer, type, type GraphWriter, type Output } from '../tensors/graph-writer.js';
import { bert, type BertOperations } from './bert.js';
import type { EncoderConfig } from './encoder-config.js';

/** Gives a weight by name, or the part of it that belongs to a shard; see `encoderWeights`. */
type Weight = (name: string, shard?: number) => Output;

interface Lane {
  builder: GraphBuilder;
  config: EncoderConfig;
  weight: Weight;
  shards: number;
  /** int32 [batch, time] */
  ids: Output;
  /** float32 [batch, time]: 1 for a token, 0 for padding */
  tokenMask: Output;
  /** Scalars, known when the graph is called */
  batch: Output;
  time: Output;
}

/**
 * @param tokens ids and mask, int32 [batch, time]
 * @returns float32 [batch, 5 · hidden]
 */
export function encoderLane(
  builder: GraphBuilder,
  config: EncoderConfig,
  weight: Weight,
  { ids, mask, shards }: { ids: Output; mask: Output; shards: number },
): Output {
  const { graph } = builder;
  const sizes = graph.add('Shape', [ids], { T: type('int32'), out_type: type('int32') });
  const [batch, time] = [pickSize(graph, sizes, 0), pickSize(graph, sizes, 1)];
  const tokenMask = graph.add('Cast', [mask], { SrcT: type('int32'), DstT: type('float32') });
  const lane: Lane = { builder, config, weight, shards, ids, tokenMask, batch, time };
  return pool(lane, bert(config, servingOperations(lane)));
}

function servingOperations(lane: Lane): BertOperations {
  const { builder, config, weight, shards, batch, time } = lane;
  const { graph } = builder;
  const { num_attention_heads: heads, hidden_size: hidden, layer_norm_eps: epsilon } = config;
  const size = hidden / heads;
  const headsOfShard = (shard: number): number =>
    Math.floor((heads * (shard + 1)) / shards) - Math.floor((heads * shard) / shards);
  const padding = paddingLogits(lane);
  return {
    embed: () => embedTokens(lane),
    layerNorm: (x, name) => builder.layerNorm(x, weight(`${name}.weight`), weight(`${name}.bias`), epsilon),
    addProjected(x, name, block) {
      const first = builder.dense(block(0), weight(`${name}.kernel`, 0), weight(`${name}.bias`));
      let sum = builder.op('AddV2', x, first);
      for (let shard = 1; shard < shards; shard += 1) {
        sum = builder.op('AddV2', sum, builder.matMul(block(shard), weight(`${name}.kernel`, shard)));
      }
      return sum;
    },
    projectHeads(x, name, shard) {
      const projected = builder.dense(x, weight(`${name}.kernel`, shard), weight(`${name}.bias`, shard));
      const parts = builder.reshape(projected, pack(graph, [batch, time, 3, headsOfShard(shard), size]));
      const byKind = builder.transpose(parts, [2, 0, 3, 1, 4]);
      const query = graph.add('Unpack', [byKind], { ...float, num: integer(3), axis: integer(0) });
      return { query, key: `${query}:1`, value: `${query}:2` };
    },
    // The scale of the scores is in the queries' weights.
    attentionWeights: (query, key) =>
      graph.add('Softmax', [builder.op('AddV2', builder.batchMatMul(query, key, true), padding)], float),
    batchMatMul: (a, b, transposed) => builder.batchMatMul(a, b, transposed),
    mergeHeads: (x, shard) =>
      builder.reshape(builder.transpose(x, [0, 2, 1, 3]), graph.ints([-1, headsOfShard(shard) * size])),
    feedForward: (x, name, shard) =>
      builder.dense(x, weight(`${name}.kernel`, shard), weight(`${name}.bias`, shard), 'gelu'),
  };
}

function embedTokens({ builder, config: { hidden_size: hidden }, weight, ids, time }: Lane): Output {
  const { graph } = builder;
  const gather = { Tparams: type('float32'), Tindices: type('int32'), Taxis: type('int32'), batch_dims: integer(0) };
  const zero = graph.ints([0], []);
  const words = graph.add('GatherV2', [weight('embeddings.word_embeddings.weight'), ids, zero], gather);
  const positions = graph.add(
    'Slice',
    [weight('embeddings.positions'), graph.ints([0, 0]), pack(graph, [time, hidden])],
    {
      T: type('float32'),
      Index: type('int32'),
    },
  );
  return builder.reshape(builder.op('AddV2', words, positions), graph.ints([-1, hidden]));
}

/** Added to attention scores: 0 for a token, -1e9 for padding, [batch, 1, 1, time] */
function paddingLogits({ builder, tokenMask, batch, time }: Lane): Output {
  const { graph } = builder;
  const isPadding = builder.op('Sub', graph.floats([1]), tokenMask);
  return builder.reshape(builder.op('Mul', isPadding, graph.floats([-1e9])), pack(graph, [batch, 1, 1, time]));
}

/** Means of the last three layers, the last one first; maximum and first token of the last layer; each L2-normalised. */
function pool({ builder, config, tokenMask, batch, time }: Lane, hiddenStates: readonly Output[]): Output {
  const { graph } = builder;
  const { num_hidden_layers: layers, hidden_size: hidden } = config;
  const last = hiddenStates.at(-1) ?? '';
  const textShape = pack(graph, [batch, time, hidden]);
  const columnMask = builder.reshape(tokenMask, pack(graph, [batch, time, 1]));
  const tokens = builder.reduce('Sum', tokenMask, -1, true);
  const mean = (state: Output): Output => {
    const masked = builder.op('Mul', builder.reshape(state, textShape), columnMask);
    return l2Normalise(builder, builder.op('RealDiv', builder.reduce('Sum', masked, 1, false), tokens));
  };
  // The width does not depend on the number of layers: where there are fewer than three, the first one stands in.
  const means = [1, 2, 3].map((back) => mean(hiddenStates.at(-Math.min(back, layers)) ?? last));
  const texts = builder.reshape(last, textShape);
  const hidePadding = builder.op('Mul', builder.op('Sub', columnMask, graph.floats([1])), graph.floats([1e9]));
  const maximum = graph.add('Max', [builder.op('AddV2', texts, hidePadding), graph.ints([1])], {
    ...float,
    Tidx: type('int32'),
    keep_dims: bool(false),
  });
  const first = builder.reshape(
    graph.add('Slice', [texts, graph.ints([0, 0, 0]), pack(graph, [-1, 1, hidden])], {
      T: type('float32'),
      Index: type('int32'),
    }),
    pack(graph, [batch, hidden]),
  );
  const views = [...means, l2Normalise(builder, maximum), l2Normalise(builder, first)];
  return graph.add('ConcatV2', [...views, graph.ints([1], [])], {
    ...float,
    N: integer(views.length),
    Tidx: type('int32'),
  });
}

function l2Normalise(builder: GraphBuilder, x: Output): Output {
  const squares = builder.reduce('Sum', builder.op('Square', x), -1, true);
  return builder.op('Mul', x, builder.op('Rsqrt', builder.op('Maximum', squares, builder.graph.floats([1e-12]))));
}

/** A shape of scalars and numbers. */
function pack(graph: GraphWriter, sizes: readonly (Output | number)[]): Output {
  const scalars = sizes.map((size) => (typeof size === 'number' ? graph.ints([size], []) : size));
  return graph.add('Pack', scalars, { T: type('int32'), N: integer(sizes.length), axis: integer(0) });
}

function pickSize(graph: GraphWriter, sizes: Output, index: number): Output {
  return graph.add('StridedSlice', [sizes, graph.ints([index]), graph.ints([index + 1]), graph.ints([1])], {
    T: type('int32'),
    Index: type('int32'),
    shrink_axis_mask: integer(1),
    begin_mask: integer(0),
    end_mask: integer(0),
    ellipsis_mask: integer(0),
    new_axis_mask: integer(0),
  });
}
