/**
 * Writes a TensorFlow graph as a SavedModel, so that what would be hundreds of single calls from JavaScript is one.
 *
 * Own code: TensorFlow.js for Node reads SavedModels and cannot write them, and a call of its smallest operation costs 65 µs of
 * processor time before any arithmetic. Its checker is TensorFlow itself, which refuses to load what is not a valid graph.
 *
 * Field numbers are those of tensorflow/core/protobuf/{saved_model,meta_graph}.proto and framework/{graph,node_def,attr_value}.proto.
 */
import { block, entry, int, message, type Encoded } from './protobuf.js';

export const dataTypes = { float32: 1, int32: 3, string: 7, int64: 9, bool: 10, bfloat16: 14, resource: 20 } as const;
export type DataType = keyof typeof dataTypes;

/** An operation's attribute; the fields are those of AttrValue. */
export type Attribute = Encoded[];
export const type = (dtype: DataType): Attribute => [int(6, dataTypes[dtype])];
export const bool = (value: boolean): Attribute => [int(5, value)];
export const integer = (value: number): Attribute => [int(3, value)];
export const text = (value: string): Attribute => [block(2, value)];
const shapeOf = (field: number, shape: readonly number[]): Encoded =>
  message(field, ...shape.map((size) => message(2, int(1, size))));
/** -1 is a length that is unknown before the call. */
export const shape = (value: readonly number[]): Attribute => [shapeOf(7, value)];

/** Refers to an operation's output, as graphs do: `name` for the first, `name:1` for the second. */
export type Output = string;

export interface TensorInfo {
  output: Output;
  dtype: DataType;
  shape: readonly number[];
}

/** A callable of a graph: its named inputs and outputs. */
export interface Signature {
  inputs: Record<string, TensorInfo>;
  outputs: Record<string, TensorInfo>;
}

export const defaultSignature = 'serving_default';

export class GraphWriter {
  private readonly nodes: Encoded[] = [];
  private readonly names = new Set<string>();

  /** Adds an operation. `control` are operations that must have run before it. @returns its first output */
  add(
    op: string,
    inputs: readonly Output[],
    attributes: Record<string, Attribute> = {},
    { name = op.replace(/^_/, ''), control = [] }: { name?: string; control?: readonly Output[] } = {},
  ): Output {
    let unique = name;
    for (let count = 1; this.names.has(unique); count += 1) unique = `${name}_${count}`;
    this.names.add(unique);
    this.nodes.push(
      message(
        1,
        block(1, unique),
        block(2, op),
        ...inputs.map((input) => block(3, input)),
        ...control.map((input) => block(3, `^${input}`)),
        ...Object.entries(attributes).map(([key, fields]) => entry(5, key, ...fields)),
      ),
    );
    return unique;
  }

  /** A constant of whole numbers. `size` [] is a scalar. */
  ints(values: readonly number[], size: readonly number[] = [values.length]): Output {
    return this.constant('int32', Buffer.from(Int32Array.from(values).buffer), size);
  }

  floats(values: readonly number[], size: readonly number[] = []): Output {
    return this.constant('float32', Buffer.from(Float32Array.from(values).buffer), size);
  }

  string(value: string, name: string): Output {
    const tensor = [int(1, dataTypes.string), shapeOf(2, []), block(8, value)];
    return this.add('Const', [], { dtype: type('string'), value: [message(8, ...tensor)] }, { name });
  }

  /**
   * The graph as the bytes of saved_model.pb.
   *
   * @param signatures `serving_default` is the one that is called where no other is asked for
   * @param initialiser operation that runs once when the model is loaded
   * @param assets constants that are given the path of a file in assets/ when the model is loaded
   */
  savedModel(options: {
    signatures: Record<string, Signature>;
    initialiser: Output;
    assets: { constant: Output; file: string }[];
  }): Buffer {
    const tensorInfo = ({ output, dtype, shape: size }: TensorInfo): Encoded[] => [
      block(1, output.includes(':') ? output : `${output}:0`),
      int(2, dataTypes[dtype]),
      shapeOf(3, size),
    ];
    const side = (field: number, tensors: Record<string, TensorInfo>): Encoded[] =>
      Object.entries(tensors).map(([name, info]) => entry(field, name, ...tensorInfo(info)));
    return Buffer.concat([
      int(1, 1),
      message(
        2,
        message(1, block(4, 'serve')),
        message(2, ...this.nodes, message(4, int(1, 1000), int(2, 0))),
        entry(4, 'saved_model_main_op', message(1, block(1, options.initialiser))),
        ...Object.entries(options.signatures).map(([name, { inputs, outputs }]) =>
          entry(5, name, ...side(1, inputs), ...side(2, outputs), block(3, 'tensorflow/serving/predict')),
        ),
        ...options.assets.map(({ constant, file }) =>
          message(6, message(1, block(1, `${constant}:0`)), block(2, file)),
        ),
      ),
    ]);
  }

  private constant(dtype: DataType, content: Buffer, size: readonly number[]): Output {
    const tensor = [int(1, dataTypes[dtype]), shapeOf(2, size), block(4, content)];
    return this.add('Const', [], { dtype: type(dtype), value: [message(8, ...tensor)] });
  }
}
