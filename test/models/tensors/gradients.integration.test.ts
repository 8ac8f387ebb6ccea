import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gelu, layerNorm, softmax, l2Normalise } from '../../../src/models/tensors/autodiff-layers.js';
import { DifferentiableGraph } from '../../../src/models/tensors/autodiff.js';
import { GraphBuilder } from '../../../src/models/tensors/graph-builder.js';
import { shape, type, defaultSignature, type Output } from '../../../src/models/tensors/graph-writer.js';
import { seeded } from '../../../src/statistics/random.js';
import type { NamedTensorMap, Tensor, Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { openEncoder, scratchFolder } from '../../support/models.js';

let tf: Tensorflow;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  ({ tf } = await openEncoder());
  scratch = await scratchFolder();
});

afterAll(() => scratch.remove());

const sizes = {
  x: [6, 8],
  kernel: [24, 8],
  bias: [24],
  gamma: [8],
  beta: [8],
  targets: [2, 4],
  head: [4, 8],
  headBias: [4],
} as const;
type Name = keyof typeof sizes;
const trained: Name[] = ['x', 'kernel', 'bias', 'gamma', 'beta', 'head', 'headBias'];
/** Two texts of four and two tokens, two heads of width 4 */
const padded = [0, 1, 2, 3, 4, 5, 6, 6];
const places = [0, 1, 2, 3, 4, 5];

async function inGraph(values: Record<Name, Tensor>): Promise<Tensor[]> {
  const formula = new GraphBuilder();
  const { graph } = formula;
  const learned = new DifferentiableGraph(formula, 'float32');
  const inputs = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [
      name,
      graph.add('Placeholder', [], { dtype: type('float32'), shape: shape(size) }, { name }),
    ]),
  ) as Record<Name, Output>;
  for (const name of trained) learned.track(inputs[name]);
  const qkv = learned.gatherRows(
    learned.dense(inputs.x, inputs.kernel, inputs.bias),
    graph.ints(padded),
    graph.ints(places),
    24,
  );
  const heads = learned.transpose(learned.reshape(qkv, graph.ints([2, 4, 3, 2, 4])), [2, 0, 3, 1, 4]);
  const [query = '', key = '', value = ''] = learned.unpack(heads, 3);
  const unseen = graph.floats([0, 0, 0, 0, 0, 0, -1e9, -1e9], [2, 1, 1, 4]);
  const attention = softmax(learned, learned.shift(learned.batchMatMul(query, key, true), unseen));
  const mixed = learned.reshape(
    learned.transpose(learned.batchMatMul(attention, value, false), [0, 2, 1, 3]),
    graph.ints([-1, 8]),
  );
  const tokens = learned.add(
    inputs.x,
    gelu(learned, learned.gatherRows(mixed, graph.ints(places), graph.ints(padded), 8)),
  );
  const norm = layerNorm(learned, tokens, { gamma: inputs.gamma, beta: inputs.beta, epsilon: 1e-5 });
  const texts = learned.reshape(
    learned.gatherRows(norm, graph.ints(padded), graph.ints(places), 8),
    graph.ints([2, 4, 8]),
  );
  const mean = learned.scale(learned.sum(texts, 1), graph.floats([0.25, 0.5], [2, 1]));
  learned.crossEntropy(
    learned.dense(mean, inputs.head, inputs.headBias),
    inputs.targets,
    graph.floats([0.5, 0.5], [2]),
  );
  const likeness = learned.scale(learned.selfSimilarity(l2Normalise(learned, mean)), graph.floats([3]));
  learned.crossEntropy(likeness, graph.floats([0, 1, 1, 0], [2, 2]), graph.floats([0.3, 0.2], [2]));
  const gradients = learned.backward(trained.map((name) => inputs[name]));
  const folder = join(scratch.folder, 'graph');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'assets', 'weights.bin'), '');
  const info = (output: Output, size: readonly number[]) => ({ output, dtype: 'float32' as const, shape: size });
  const signature = {
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, output]) => [name, info(output, sizes[name as Name])]),
    ),
    outputs: Object.fromEntries(trained.map((name, index) => [`d_${name}`, info(gradients[index] ?? '', sizes[name])])),
  };
  const bytes = graph.savedModel({
    signatures: { [defaultSignature]: signature },
    initialiser: formula.initialiser(),
    assets: [{ constant: formula.path, file: 'weights.bin' }],
  });
  await writeFile(join(folder, 'saved_model.pb'), bytes);
  const model = await tf.node.loadSavedModel(folder);
  const outputs = model.predict(values) as NamedTensorMap;
  return trained.map((name) => outputs[`d_${name}`] as Tensor);
}

/** The same formula by TensorFlow.js, which finds its own gradients. */
function eagerly(values: Record<Name, Tensor>): Tensor[] {
  const zeros = tf.zeros([1, 24]);
  const f = (...parts: Tensor[]): Tensor<import('@tensorflow/tfjs-node-gpu').Rank.R0> => {
    const v = Object.fromEntries(trained.map((name, index) => [name, parts[index]])) as Record<Name, Tensor>;
    const dense = (x: Tensor, kernel: Tensor, bias: Tensor): Tensor =>
      tf.add(tf.matMul(x as never, kernel as never, false, true), bias);
    const qkv = tf.concat([dense(v.x, v.kernel, v.bias), zeros], 0).gather(tf.tensor1d(padded, 'int32'));
    const heads = qkv.reshape([2, 4, 3, 2, 4]).transpose([2, 0, 3, 1, 4]);
    const [query, key, value] = tf.unstack(heads) as [Tensor, Tensor, Tensor];
    const unseen = tf.tensor([0, 0, 0, 0, 0, 0, -1e9, -1e9], [2, 1, 1, 4]);
    const attention = tf.softmax(tf.add(tf.matMul(query, key, false, true), unseen));
    const mixed = tf
      .matMul(attention, value)
      .transpose([0, 2, 1, 3])
      .reshape([-1, 8])
      .gather(tf.tensor1d(places, 'int32'));
    const active = tf.mul(mixed, tf.add(0.5, tf.mul(0.5, tf.erf(tf.mul(mixed, Math.SQRT1_2)))));
    const tokens = tf.add(v.x, active);
    const deviation = tf.sub(tokens, tf.mean(tokens, -1, true));
    const standard = tf.div(deviation, tf.sqrt(tf.add(tf.mean(tf.square(deviation), -1, true), 1e-5)));
    const norm = tf.add(tf.mul(standard, v.gamma), v.beta);
    const texts = tf
      .concat([norm, tf.zeros([1, 8])], 0)
      .gather(tf.tensor1d(padded, 'int32'))
      .reshape([2, 4, 8]);
    const mean = tf.mul(tf.sum(texts, 1), tf.tensor2d([0.25, 0.5], [2, 1]));
    const entropy = (logits: Tensor, targets: Tensor): Tensor =>
      tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits as never)), -1));
    const first = tf.sum(tf.mul(0.5, entropy(dense(mean, v.head, v.headBias), values.targets)));
    const units = tf.div(mean, tf.sqrt(tf.sum(tf.square(mean), -1, true)));
    const likeness = tf.mul(3, tf.matMul(units as never, units as never, false, true));
    const second = tf.sum(tf.mul(tf.tensor1d([0.3, 0.2]), entropy(likeness, tf.tensor2d([0, 1, 1, 0], [2, 2]))));
    return tf.add(first, second);
  };
  return tf.grads(f)(trained.map((name) => values[name]));
}

test('the gradients that are written beside the formulas are those that TensorFlow.js finds by itself', async () => {
  const random = seeded(7);
  const values = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => {
      const count = size.reduce<number>((product, length) => product * length, 1);
      const numbers = Float32Array.from({ length: count }, () => 2 * random() - 1);
      return [name, tf.tensor(numbers, [...size])];
    }),
  ) as Record<Name, Tensor>;
  values.targets = tf.tensor2d([0.1, 0.2, 0.3, 0.4, 0, 0, 1, 0], [2, 4]);
  const written = await inGraph(values);
  eagerly(values).forEach((gradient, index) => {
    const [own, right] = [written[index]?.dataSync() ?? [], gradient.dataSync()];
    expect(own).toHaveLength(right.length);
    right.forEach((value, place) => expect(own[place], `${trained[index]} ${place}`).toBeCloseTo(value, 4));
  });
});
