/**
 * Reverse-mode differentiation (Linnainmaa 1970): each operation records on a tape how the gradient of its result becomes the
 * gradients of its inputs; `backward` adds these to the graph in reverse order.
 *
 * Own code although TensorFlow.js differentiates: docs/decisions/0012-own-autodiff.md.
 */
import { float, type GraphBuilder } from './graph-builder.js';
import { bool, type, integer, type Output } from './graph-writer.js';

export type Precision = 'float32' | 'bfloat16';

export class DifferentiableGraph {
  private readonly tape: (() => void)[] = [];
  /** Outputs that depend on a trained weight; gradients of other outputs are not computed. */
  private readonly tracked = new Set<Output>();
  private readonly gradients = new Map<Output, Output[]>();

  /**
   * @param precision of the products of dense layers; everything else is float32
   */
  constructor(
    readonly builder: GraphBuilder,
    private readonly precision: Precision,
  ) {}

  /** Marks a weight as trained. */
  track(weight: Output): void {
    this.tracked.add(weight);
  }

  /** Adds the gradients to the graph. @returns those of the weights, in order */
  backward(weights: readonly Output[]): Output[] {
    for (const step of this.tape.toReversed()) step();
    return weights.map((weight) => {
      const gradient = this.gradientOf(weight);
      if (gradient === null) throw new Error(`nothing depends on ${weight}`);
      return gradient;
    });
  }

  add(a: Output, b: Output): Output {
    return this.record(this.builder.op('AddV2', a, b), [a, b], (gradient) => [gradient, gradient]);
  }

  /** x · kernelᵀ + bias. x [rows, in], kernel [out, in], bias [out] */
  dense(x: Output, kernel: Output, bias: Output): Output {
    const { graph } = this.builder;
    const result = graph.add('BiasAdd', [this.product(x, kernel, false, true), bias], float);
    return this.record(result, [x, kernel, bias], (gradient) => [
      () => this.product(gradient, kernel, false, false),
      () => this.product(gradient, x, true, false),
      () => graph.add('BiasAddGrad', [gradient], float),
    ]);
  }

  /** a · aᵀ, a [rows, width] */
  selfSimilarity(a: Output): Output {
    return this.record(this.product(a, a, false, true), [a], (gradient) => [
      () => this.builder.op('AddV2', this.product(gradient, a, false, false), this.product(gradient, a, true, false)),
    ]);
  }

  batchMatMul(a: Output, b: Output, transposed: boolean): Output {
    const multiply = (x: Output, y: Output, adjX: boolean, adjY: boolean): Output =>
      this.builder.graph.add('BatchMatMulV2', [x, y], { ...float, adj_x: bool(adjX), adj_y: bool(adjY) });
    return this.record(multiply(a, b, false, transposed), [a, b], (gradient) => [
      () => multiply(gradient, b, false, !transposed),
      () => (transposed ? multiply(gradient, a, true, false) : multiply(a, gradient, true, false)),
    ]);
  }

  /** x · factor, which is not trained and broadcasts to the shape of x. */
  scale(x: Output, factor: Output): Output {
    return this.record(this.builder.op('Mul', x, factor), [x], (gradient) => [
      () => this.builder.op('Mul', gradient, factor),
    ]);
  }

  /** x + offset, which is not trained and broadcasts to the shape of x. */
  shift(x: Output, offset: Output): Output {
    return this.record(this.builder.op('AddV2', x, offset), [x], (gradient) => [gradient]);
  }

  reshape(x: Output, size: Output): Output {
    return this.record(this.builder.reshape(x, size), [x], (gradient) => [
      () => this.builder.reshape(gradient, this.shapeOf(x)),
    ]);
  }

  transpose(x: Output, order: number[]): Output {
    const back = order.map((_, axis) => order.indexOf(axis));
    return this.record(this.builder.transpose(x, order), [x], (gradient) => [
      () => this.builder.transpose(gradient, back),
    ]);
  }

  /** Slices along the first axis. */
  unpack(x: Output, count: number): Output[] {
    const { graph } = this.builder;
    const first = graph.add('Unpack', [x], { ...float, num: integer(count), axis: integer(0) });
    const results = Array.from({ length: count }, (_, index) => (index === 0 ? first : `${first}:${index}`));
    if (this.tracked.has(x)) {
      for (const result of results) this.tracked.add(result);
      this.tape.push(() => {
        const gradients = results.flatMap((result) => this.gradientOf(result) ?? []);
        this.accumulate(x, graph.add('Pack', gradients, { ...float, N: integer(count), axis: integer(0) }));
      });
    }
    return results;
  }

  /**
   * Rows of x by index. No row is taken twice, and `back` has for each row of x its index in the result; in both, the index after the
   * last row is a row of zeros.
   */
  gatherRows(x: Output, numbers: Output, back: Output, width: number): Output {
    const gather = (from: Output, which: Output): Output => {
      const { graph } = this.builder;
      const zeros = graph.floats(
        Array.from({ length: width }, () => 0),
        [1, width],
      );
      const padded = graph.add('ConcatV2', [from, zeros, graph.ints([0], [])], {
        ...float,
        N: integer(2),
        Tidx: type('int32'),
      });
      const types = { Tparams: type('float32'), Tindices: type('int32'), Taxis: type('int32'), batch_dims: integer(0) };
      return graph.add('GatherV2', [padded, which, graph.ints([0], [])], types);
    };
    return this.record(gather(x, numbers), [x], (gradient) => [() => gather(gradient, back)]);
  }

  /** Sum over one axis. */
  sum(x: Output, axis: number): Output {
    const { builder } = this;
    return this.record(builder.reduce('Sum', x, axis, false), [x], (gradient) => [
      () => {
        const wide = builder.graph.add('ExpandDims', [gradient, builder.graph.ints([axis], [])], {
          ...float,
          Tdim: type('int32'),
        });
        return builder.graph.add('BroadcastTo', [wide, this.shapeOf(x)], { ...float, Tidx: type('int32') });
      },
    ]);
  }

  /**
   * The training objective: Σ over rows of weight · cross-entropy between the targets and the softmax of the logits.
   *
   * @param logits, targets [rows, classes] @param weights [rows]
   */
  crossEntropy(logits: Output, targets: Output, weights: Output): Output {
    const { builder } = this;
    const { graph } = builder;
    const losses = graph.add('SoftmaxCrossEntropyWithLogits', [logits, targets], float);
    const column = builder.reshape(weights, graph.ints([-1, 1]));
    this.tape.push(() => this.accumulate(logits, builder.op('Mul', `${losses}:1`, column)));
    return builder.reduce('Sum', builder.op('Mul', losses, weights), 0, false);
  }

  private product(a: Output, b: Output, transposeA: boolean, transposeB: boolean): Output {
    const sides = { transpose_a: bool(transposeA), transpose_b: bool(transposeB) };
    const { graph } = this.builder;
    if (this.precision === 'float32') return graph.add('MatMul', [a, b], { ...float, ...sides });
    const short = [a, b].map((side) => this.cast(side, 'float32', 'bfloat16'));
    return this.cast(graph.add('MatMul', short, { T: type('bfloat16'), ...sides }), 'bfloat16', 'float32');
  }

  private cast(x: Output, from: Precision, to: Precision): Output {
    return this.builder.graph.add('Cast', [x], { SrcT: type(from), DstT: type(to), Truncate: bool(false) });
  }

  shapeOf(x: Output): Output {
    return this.builder.graph.add('Shape', [x], { ...float, out_type: type('int32') });
  }

  /** Records how the gradient of a result becomes those of its inputs; as a function where it adds operations. */
  record(
    result: Output,
    inputs: readonly Output[],
    gradients: (gradient: Output) => (Output | (() => Output))[],
  ): Output {
    if (!inputs.some((input) => this.tracked.has(input))) return result;
    this.tracked.add(result);
    this.tape.push(() => {
      const gradient = this.gradientOf(result);
      if (gradient === null) return;
      gradients(gradient).forEach((part, index) => {
        const input = inputs[index];
        if (input === undefined || !this.tracked.has(input)) return;
        this.accumulate(input, typeof part === 'string' ? part : part());
      });
    });
    return result;
  }

  private accumulate(of: Output, gradient: Output): void {
    if (!this.tracked.has(of)) return;
    this.gradients.set(of, [...(this.gradients.get(of) ?? []), gradient]);
  }

  private gradientOf(of: Output): Output | null {
    const [first, ...more] = this.gradients.get(of) ?? [];
    if (first === undefined) return null;
    if (more.length === 0) return first;
    return this.builder.graph.add('AddN', [first, ...more], { ...float, N: integer(1 + more.length) });
  }
}
