/** AdamW (Loshchilov & Hutter 2019) with gradients clipped by their common norm, as a part of a graph. */
import { float, type Formula } from './graph-builder.js';
import { bool, type, whole, type Output } from './graph-writer.js';

/** Of Adam's moments (Kingma & Ba 2015) */
export const decays = { first: 0.9, second: 0.999 };

export interface AdamwOptions {
  weightDecay: number;
  /** Longest gradient of all weights together */
  longestGradient: number;
}

/** A weight that is trained. */
export interface Trained {
  handle: Output;
  value: Output;
  name: string;
  shape: number[];
  /** Of the learning rate */
  factor: number;
}

/** AdamW. The correction for its start is in the rate already, so both powers are 0 here. */
export function adamw(
  formula: Formula,
  trained: readonly Trained[],
  gradients: readonly Output[],
  rate: Output,
  { weightDecay, longestGradient }: AdamwOptions,
): { updates: Output[]; norm: Output } {
  const { graph } = formula;
  const halves = gradients.map((gradient) => graph.add('L2Loss', [gradient], float));
  const squares = graph.add('AddN', halves, { ...float, N: whole(halves.length) });
  const norm = formula.op('Sqrt', formula.op('Mul', squares, graph.floats([2])));
  const longest = graph.floats([longestGradient]);
  const clip = formula.op('RealDiv', longest, formula.op('Maximum', norm, longest));
  const [zero, one, two, epsilon] = [0, decays.first, decays.second, 1e-8].map((value) => graph.floats([value]));
  const updates = trained.map(({ handle, value, name, shape: ofWeight, factor }, index) => {
    const gradient = formula.op('Mul', gradients[index] ?? '', clip);
    const own = formula.op('Mul', rate, graph.floats([factor]));
    const control: Output[] = [];
    if (ofWeight.length > 1 && weightDecay > 0) {
      const part = formula.op('Mul', formula.op('Mul', own, graph.floats([weightDecay])), value);
      // Only once all gradients are known: they are of the weights as they were.
      control.push(graph.add('AssignSubVariableOp', [handle, part], { dtype: type('float32') }, { control: [clip] }));
    }
    const moments = ['first', 'second'].map((moment) => formula.zeros(`${name}.${moment}`, ofWeight));
    return graph.add(
      'ResourceApplyAdam',
      [handle, ...moments, zero ?? '', zero ?? '', own, one ?? '', two ?? '', epsilon ?? '', gradient],
      { ...float, use_locking: bool(false), use_nesterov: bool(false) },
      { control },
    );
  });
  return { updates, norm };
}
