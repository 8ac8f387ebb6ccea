/**
 * A BERT encoder as one TensorFlow graph. The same for every set of weights of one architecture: it reads them from
 * assets/weights.bin (little-endian float32, one tensor after another) when it is loaded.
 *
 * Devlin et al., "BERT", 2019; pooling as in Reimers & Gurevych, "Sentence-BERT", 2019.
 */
import { float, Formula } from './formula.js';
import { bool, shape, type, whole, type Output } from './graph-writer.js';
import type { EncoderConfig } from './encoder-config.js';
import type { Tensor } from './safetensors.js';

/** Changes with every change of the graph: a graph on disk that another version wrote is made anew. */
export const graphVersion = 1;

/** One tensor beside another along their last axis. Both [rows, columns] or [columns]. */
function besides(tensors: Tensor[]): Tensor {
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

function transposed({ shape: [rows = 0, columns = 0], values }: Tensor): Tensor {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return { shape: [columns, rows], values: result };
}

function scaled({ shape: size, values }: Tensor, factor: number): Tensor {
  return { shape: size, values: values.map((value) => value * factor) };
}

/** The encoder's files. */
export interface EncoderGraph {
  /** saved_model.pb */
  savedModel: Buffer;
  /** What assets/weights.bin holds, in order. */
  weights: Float32Array[];
}

/**
 * @param tensors by BERT's names without prefix, dense kernels as [out, in]
 * @returns a SavedModel: ids, mask int32 [batch, time] to `embedding` float32 [batch, hidden], mean-pooled over the
 *   mask and L2-normalised, and `pooled` float32 [batch, 5 · hidden]: means of the last three layers, the maximum and
 *   the first token of the last one, each L2-normalised
 */
export function encoderGraph(config: EncoderConfig, tensors: Map<string, Tensor>): EncoderGraph {
  const {
    num_hidden_layers: layers,
    num_attention_heads: heads,
    hidden_size: hidden,
    layer_norm_eps: epsilon,
    positionOffset,
  } = config;
  const size = hidden / heads;
  const formula = new Formula();
  const { graph } = formula;
  const tensor = (name: string): Tensor => {
    const found = tensors.get(name);
    if (!found) throw new Error(`the weights lack ${name}: is this a BERT encoder?`);
    return found;
  };
  const variable = (name: string): Output => formula.variable(name, tensor(name));
  const normalised = (x: Output, prefix: string): Output =>
    formula.normalised(x, variable(`${prefix}.weight`), variable(`${prefix}.bias`), epsilon);
  const dense = (x: Output, prefix: string, activation?: 'gelu'): Output =>
    formula.dense(
      x,
      formula.variable(`${prefix}.kernel`, transposed(tensor(`${prefix}.weight`))),
      variable(`${prefix}.bias`),
      activation,
    );
  const l2 = (x: Output): Output => {
    const squares = formula.reduce('Sum', formula.op('Square', x), -1, true);
    return formula.op('Mul', x, formula.op('Rsqrt', formula.op('Maximum', squares, graph.floats([1e-12]))));
  };

  const placeholder = (name: string): Output =>
    graph.add('Placeholder', [], { dtype: type('int32'), shape: shape([-1, -1]) }, { name });
  const ids = placeholder('ids');
  const mask = placeholder('mask');
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
  const words = graph.add('GatherV2', [variable('embeddings.word_embeddings.weight'), ids, zero], gather);
  const positions = tensor('embeddings.position_embeddings.weight');
  const types0 = tensor('embeddings.token_type_embeddings.weight').values;
  // The type of a single text is always 0: its vector is added to every position once and for all.
  const placed = {
    shape: [(positions.shape[0] ?? 0) - positionOffset, hidden],
    values: positions.values
      .subarray(positionOffset * hidden)
      .map((value, index) => value + (types0[index % hidden] ?? 0)),
  };
  const place = graph.add(
    'Slice',
    [formula.variable('embeddings.positions', placed), graph.ints([0, 0]), pack(time, hidden)],
    { T: type('float32'), Index: type('int32') },
  );
  const flat = graph.ints([-1, hidden]);
  let x = normalised(formula.reshape(formula.op('AddV2', words, place), flat), 'embeddings.LayerNorm');
  const seen = graph.add('Cast', [mask], { SrcT: type('int32'), DstT: type('float32') });
  const unseen = formula.reshape(
    formula.op('Mul', formula.op('Sub', graph.floats([1]), seen), graph.floats([-1e9])),
    pack(batch, 1, 1, time),
  );
  const parted = pack(batch, time, 3, heads, size);
  const hiddenStates: Output[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const p = `encoder.layer.${layer}`;
    const self = (name: string, kind: string, factor = 1): Tensor =>
      scaled(tensor(`${p}.attention.self.${name}.${kind}`), factor);
    const scale = size ** -0.5;
    const kernels = [self('query', 'weight', scale), self('key', 'weight'), self('value', 'weight')].map(transposed);
    const biases = [self('query', 'bias', scale), self('key', 'bias'), self('value', 'bias')];
    const qkv = formula.dense(
      x,
      formula.variable(`${p}.attention.self.kernel`, besides(kernels)),
      formula.variable(`${p}.attention.self.bias`, besides(biases)),
    );
    const split = formula.transpose(formula.reshape(qkv, parted), [2, 0, 3, 1, 4]);
    const unpacked = graph.add('Unpack', [split], { ...float, num: whole(3), axis: whole(0) });
    const scores = formula.op('AddV2', formula.batchMatMul(unpacked, `${unpacked}:1`, true), unseen);
    const attention = graph.add('Softmax', [scores], float);
    const mixed = formula.transpose(formula.batchMatMul(attention, `${unpacked}:2`, false), [0, 2, 1, 3]);
    const attended = dense(formula.reshape(mixed, flat), `${p}.attention.output.dense`);
    x = normalised(formula.op('AddV2', x, attended), `${p}.attention.output.LayerNorm`);
    const inner = dense(x, `${p}.intermediate.dense`, 'gelu');
    x = normalised(formula.op('AddV2', x, dense(inner, `${p}.output.dense`)), `${p}.output.LayerNorm`);
    hiddenStates.push(x);
  }
  const whole3 = pack(batch, time, hidden);
  const seen3 = formula.reshape(seen, pack(batch, time, 1));
  const count = formula.reduce('Sum', seen, -1, true);
  const mean = (state: Output): Output => {
    const sum = formula.reduce('Sum', formula.op('Mul', formula.reshape(state, whole3), seen3), 1, false);
    return l2(formula.op('RealDiv', sum, count));
  };
  const means = hiddenStates.slice(-3).reverse().map(mean);
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
  const pooled = graph.add('ConcatV2', [...parts, graph.ints([1], [])], {
    ...float,
    N: whole(parts.length),
    Tidx: type('int32'),
  });
  const initialiser = formula.initialiser();
  return {
    savedModel: graph.savedModel({
      inputs: {
        ids: { output: ids, dtype: 'int32', shape: [-1, -1] },
        mask: { output: mask, dtype: 'int32', shape: [-1, -1] },
      },
      outputs: {
        embedding: { output: means[0] ?? '', dtype: 'float32', shape: [-1, hidden] },
        pooled: { output: pooled, dtype: 'float32', shape: [-1, parts.length * hidden] },
      },
      initialiser,
      assets: [{ constant: formula.path, file: 'weights.bin' }],
    }),
    weights: formula.weights(),
  };
}
