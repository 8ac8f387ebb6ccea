/** AdamW (Loshchilov & Hutter 2019) with gradients clipped by their global norm, as part of a graph. */
import { float, type GraphBuilder } from './graph-builder.js';
import { bool, type, integer, type Output } from './graph-writer.js';

/** Of Adam's moments (Kingma & Ba 2015) */
export const decays = { first: 0.9, second: 0.999 };

export interface AdamwOptions {
  weightDecay: number;
  /** Maximum global norm of the gradients */
  maxGradientNorm: number;
}

/** A trained weight. */
export interface TrainedWeight {
  handle: Output;
  value: Output;
  name: string;
  shape: number[];
  /** Of the learning rate */
  rateFactor: number;
}

/** The bias correction is part of the rate, so both beta powers are 0 here. */
export function adamw(
  builder: GraphBuilder,
  trained: readonly TrainedWeight[],
  gradients: readonly Output[],
  rate: Output,
  { weightDecay, maxGradientNorm }: AdamwOptions,
): { updates: Output[]; norm: Output } {
  const { graph } = builder;
  const halves = gradients.map((gradient) => graph.add('L2Loss', [gradient], float));
  const squares = graph.add('AddN', halves, { ...float, N: integer(halves.length) });
  const norm = builder.op('Sqrt', builder.op('Mul', squares, graph.floats([2])));
  const longest = graph.floats([maxGradientNorm]);
  const clip = builder.op('RealDiv', longest, builder.op('Maximum', norm, longest));
  const [zero, one, two, epsilon] = [0, decays.first, decays.second, 1e-8].map((value) => graph.floats([value]));
  const updates = trained.map(({ handle, value, name, shape: ofWeight, rateFactor }, index) => {
    const gradient = builder.op('Mul', gradients[index] ?? '', clip);
    const own = builder.op('Mul', rate, graph.floats([rateFactor]));
    const control: Output[] = [];
    if (ofWeight.length > 1 && weightDecay > 0) {
      const part = builder.op('Mul', builder.op('Mul', own, graph.floats([weightDecay])), value);
      // After all gradients: they must be computed from the weights before the step.
      control.push(graph.add('AssignSubVariableOp', [handle, part], { dtype: type('float32') }, { control: [clip] }));
    }
    const moments = ['first', 'second'].map((moment) => builder.zeros(`${name}.${moment}`, ofWeight));
    return graph.add(
      'ResourceApplyAdam',
      [handle, ...moments, zero ?? '', zero ?? '', own, one ?? '', two ?? '', epsilon ?? '', gradient],
      { ...float, use_locking: bool(false), use_nesterov: bool(false) },
      { control },
    );
  });
  return { updates, norm };
}
