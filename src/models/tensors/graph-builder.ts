/** Builds a graph from common operations, with its weights in a file beside it. */
import { bool, GraphWriter, shape, text, type, type Attribute, type Output } from './graph-writer.js';
import type { Tensor } from './safetensors.js';

export const float: Record<string, Attribute> = { T: type('float32') };

export class GraphBuilder {
  readonly graph = new GraphWriter();
  private readonly parts: Float32Array[] = [];
  private readonly assigns: Output[] = [];
  private readonly flat: Output;
  readonly path: Output;
  private offset = 0;

  constructor() {
    this.path = this.graph.string('weights.bin', 'weights_path');
    const bytes = this.graph.add('ReadFile', [this.path]);
    this.flat = this.graph.add('DecodeRaw', [bytes], { out_type: type('float32'), little_endian: bool(true) });
  }

  /** Adds a constant weight to the graph and to the weights file. */
  variable(name: string, tensor: Tensor): Output {
    return this.parameter(name, tensor).value;
  }

  /** Adds a trainable weight to the graph and to the weights file. @returns its resource, and its value */
  parameter(name: string, { shape: size, values }: Tensor): { handle: Output; value: Output } {
    const { graph } = this;
    const handle = graph.add('VarHandleOp', [], {
      dtype: type('float32'),
      shape: shape(size),
      shared_name: text(name),
    });
    const index = { T: type('float32'), Index: type('int32') };
    const slice = graph.add('Slice', [this.flat, graph.ints([this.offset]), graph.ints([values.length])], index);
    const value = graph.add('Reshape', [slice, graph.ints(size)], { ...float, Tshape: type('int32') });
    this.assigns.push(graph.add('AssignVariableOp', [handle, value], { dtype: type('float32') }));
    this.parts.push(values);
    this.offset += values.length;
    return { handle, value: graph.add('ReadVariableOp', [handle], { dtype: type('float32') }) };
  }

  /** Adds a resource of zeros, which is not in the file. */
  zeros(name: string, size: readonly number[]): Output {
    const { graph } = this;
    const float32 = { dtype: type('float32') };
    const handle = graph.add('VarHandleOp', [], { ...float32, shape: shape(size), shared_name: text(name) });
    const value = graph.add('Fill', [graph.ints(size), graph.floats([0])], { ...float, index_type: type('int32') });
    this.assigns.push(graph.add('AssignVariableOp', [handle, value], float32));
    return handle;
  }

  initialiser(): Output {
    return this.graph.add('NoOp', [], {}, { name: 'initialiser', control: this.assigns });
  }

  weights(): Float32Array[] {
    return this.parts;
  }

  op(name: string, ...inputs: Output[]): Output {
    return this.graph.add(name, inputs, float);
  }

  reshape(x: Output, size: Output): Output {
    return this.graph.add('Reshape', [x, size], { ...float, Tshape: type('int32') });
  }

  transpose(x: Output, order: number[]): Output {
    return this.graph.add('Transpose', [x, this.graph.ints(order)], { ...float, Tperm: type('int32') });
  }

  reduce(kind: 'Mean' | 'Sum', x: Output, axis: number, keep: boolean): Output {
    return this.graph.add(kind, [x, this.graph.ints([axis])], { ...float, Tidx: type('int32'), keep_dims: bool(keep) });
  }

  matMul(a: Output, b: Output): Output {
    return this.graph.add('MatMul', [a, b], { ...float, transpose_a: bool(false), transpose_b: bool(false) });
  }

  dense(x: Output, kernel: Output, bias: Output, activation?: 'gelu'): Output {
    const sum = this.graph.add('BiasAdd', [this.matMul(x, kernel), bias], float);
    return activation ? this.gelu(sum) : sum;
  }

  /** x/2 · (1 + erf(x/√2)) */
  gelu(x: Output): Output {
    const erf = this.op('Erf', this.op('Mul', x, this.graph.floats([Math.SQRT1_2])));
    return this.op('Mul', this.op('Mul', x, this.graph.floats([0.5])), this.op('AddV2', erf, this.graph.floats([1])));
  }

  batchMatMul(a: Output, b: Output, transposed: boolean): Output {
    return this.graph.add('BatchMatMulV2', [a, b], { ...float, adj_x: bool(false), adj_y: bool(transposed) });
  }

  layerNorm(x: Output, gamma: Output, beta: Output, epsilon: number): Output {
    const mean = this.reduce('Mean', x, -1, true);
    const deviation = this.op('Sub', x, mean);
    const variance = this.reduce('Mean', this.op('Square', deviation), -1, true);
    const inverse = this.op('Rsqrt', this.op('AddV2', variance, this.graph.floats([epsilon])));
    return this.op('AddV2', this.op('Mul', this.op('Mul', deviation, inverse), gamma), beta);
  }
}
