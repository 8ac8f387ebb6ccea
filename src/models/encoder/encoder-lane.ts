/** One run through the encoder: token ids of a batch to what is kept of its texts. */
import { float, type Formula } from '../tensors/graph-builder.js';
import { bool, type, whole, type Output } from '../tensors/graph-writer.js';
import type { EncoderConfig } from './encoder-config.js';

/**
 * @param weight see `encoderWeights`
 * @param tokens ids and mask, int32 [batch, time]
 * @returns float32 [batch, 5 · hidden]
 */
export function encoderLane(
  formula: Formula,
  {
    num_hidden_layers: layers,
    num_attention_heads: heads,
    hidden_size: hidden,
    layer_norm_eps: epsilon,
  }: EncoderConfig,
  weight: (name: string, shard?: number) => Output,
  { ids, mask, shards }: { ids: Output; mask: Output; shards: number },
): Output {
  const size = hidden / heads;
  const { graph } = formula;
  const normalised = (x: Output, prefix: string): Output =>
    formula.normalised(x, weight(`${prefix}.weight`), weight(`${prefix}.bias`), epsilon);
  const l2 = (x: Output): Output => {
    const squares = formula.reduce('Sum', formula.op('Square', x), -1, true);
    return formula.op('Mul', x, formula.op('Rsqrt', formula.op('Maximum', squares, graph.floats([1e-12]))));
  };

  const int = { T: type('int32') };
  const sizes = graph.add('Shape', [ids], { T: type('int32'), out_type: type('int32') });
  const pick = (index: number): Output =>
    graph.add('StridedSlice', [sizes, graph.ints([index]), graph.ints([index + 1]), graph.ints([1])], {
      T: type('int32'),
      Index: type('int32'),
      shrink_axis_mask: whole(1),
      begin_mask: whole(0),
      end_mask: whole(0),
      ellipsis_mask: whole(0),
      new_axis_mask: whole(0),
    });
  const batch = pick(0);
  const time = pick(1);
  const pack = (...parts: (Output | number)[]): Output =>
    graph.add(
      'Pack',
      parts.map((part) => (typeof part === 'number' ? graph.ints([part], []) : part)),
      {
        ...int,
        N: whole(parts.length),
        axis: whole(0),
      },
    );
  const gather = { Tparams: type('float32'), Tindices: type('int32'), Taxis: type('int32'), batch_dims: whole(0) };
  const zero = graph.ints([0], []);
  const words = graph.add('GatherV2', [weight('embeddings.word_embeddings.weight'), ids, zero], gather);
  const place = graph.add('Slice', [weight('embeddings.positions'), graph.ints([0, 0]), pack(time, hidden)], {
    T: type('float32'),
    Index: type('int32'),
  });
  const flat = graph.ints([-1, hidden]);
  let x = normalised(formula.reshape(formula.op('AddV2', words, place), flat), 'embeddings.LayerNorm');
  const seen = graph.add('Cast', [mask], { SrcT: type('int32'), DstT: type('float32') });
  const unseen = formula.reshape(
    formula.op('Mul', formula.op('Sub', graph.floats([1]), seen), graph.floats([-1e9])),
    pack(batch, 1, 1, time),
  );
  /** Self-attention of a shard's heads, up to its part of the product that ends it: [tokens, hidden] */
  const attended = (p: string, shard: number): Output => {
    const own = Math.floor((heads * (shard + 1)) / shards) - Math.floor((heads * shard) / shards);
    const qkv = formula.dense(
      x,
      weight(`${p}.attention.self.kernel`, shard),
      weight(`${p}.attention.self.bias`, shard),
    );
    const split = formula.transpose(formula.reshape(qkv, pack(batch, time, 3, own, size)), [2, 0, 3, 1, 4]);
    const unpacked = graph.add('Unpack', [split], { ...float, num: whole(3), axis: whole(0) });
    const scores = formula.op('AddV2', formula.batchMatMul(unpacked, `${unpacked}:1`, true), unseen);
    const attention = graph.add('Softmax', [scores], float);
    const mixed = formula.transpose(formula.batchMatMul(attention, `${unpacked}:2`, false), [0, 2, 1, 3]);
    return formula.reshape(mixed, graph.ints([-1, own * size]));
  };
  const widened = (p: string, shard: number): Output =>
    formula.dense(
      x,
      weight(`${p}.intermediate.dense.kernel`, shard),
      weight(`${p}.intermediate.dense.bias`, shard),
      'gelu',
    );
  /** The sum over the shards, and what went in beside it. */
  const ended = (prefix: string, of: (shard: number) => Output): Output => {
    const first = formula.dense(of(0), weight(`${prefix}.kernel`, 0), weight(`${prefix}.bias`));
    let sum = formula.op('AddV2', x, first);
    for (let shard = 1; shard < shards; shard += 1) {
      sum = formula.op('AddV2', sum, formula.matMul(of(shard), weight(`${prefix}.kernel`, shard)));
    }
    return sum;
  };
  const hiddenStates: Output[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const p = `encoder.layer.${layer}`;
    const output = `${p}.attention.output`;
    x = normalised(
      ended(`${output}.dense`, (shard) => attended(p, shard)),
      `${output}.LayerNorm`,
    );
    x = normalised(
      ended(`${p}.output.dense`, (shard) => widened(p, shard)),
      `${p}.output.LayerNorm`,
    );
    hiddenStates.push(x);
  }
  const whole3 = pack(batch, time, hidden);
  const seen3 = formula.reshape(seen, pack(batch, time, 1));
  const count = formula.reduce('Sum', seen, -1, true);
  const mean = (state: Output): Output => {
    const sum = formula.reduce('Sum', formula.op('Mul', formula.reshape(state, whole3), seen3), 1, false);
    return l2(formula.op('RealDiv', sum, count));
  };
  // Always as many views: of fewer layers the first one stands for those that are missing.
  const means = [1, 2, 3].map((back) => mean(hiddenStates.at(-Math.min(back, layers)) ?? x));
  const last = formula.reshape(x, whole3);
  const hide = formula.op('Mul', formula.op('Sub', seen3, graph.floats([1])), graph.floats([1e9]));
  const maximum = graph.add('Max', [formula.op('AddV2', last, hide), graph.ints([1])], {
    ...float,
    Tidx: type('int32'),
    keep_dims: bool(false),
  });
  const first = formula.reshape(
    graph.add('Slice', [last, graph.ints([0, 0, 0]), pack(-1, 1, hidden)], {
      T: type('float32'),
      Index: type('int32'),
    }),
    pack(batch, hidden),
  );
  const parts = [...means, l2(maximum), l2(first)];
  return graph.add('ConcatV2', [...parts, graph.ints([1], [])], {
    ...float,
    N: whole(parts.length),
    Tidx: type('int32'),
  });
}
