/** What a transformer is made of, with gradients. */
import type { DifferentiableFormula } from './autodiff.js';
import { float } from './graph-builder.js';
import { type, whole, type Output } from './graph-writer.js';

/** Along the last axis. */
export function softmax(learned: DifferentiableFormula, x: Output): Output {
  const { formula } = learned;
  const result = formula.graph.add('Softmax', [x], float);
  return learned.noted(result, [x], (gradient) => [
    () => {
      const expected = formula.reduce('Sum', formula.op('Mul', gradient, result), -1, true);
      return formula.op('Mul', result, formula.op('Sub', gradient, expected));
    },
  ]);
}

/** x · Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016) */
export function gelu(learned: DifferentiableFormula, x: Output): Output {
  const { formula } = learned;
  const { graph } = formula;
  const times = (a: Output, factor: number): Output => formula.op('Mul', a, graph.floats([factor]));
  const erf = graph.add('Erf', [times(x, Math.SQRT1_2)], float);
  const below = formula.op('AddV2', times(erf, 0.5), graph.floats([0.5]));
  return learned.noted(formula.op('Mul', x, below), [x], (gradient) => [
    () => {
      const bell = formula.op('Exp', times(formula.op('Square', x), -0.5));
      const slope = times(formula.op('Mul', x, bell), 1 / Math.sqrt(2 * Math.PI));
      return formula.op('Mul', gradient, formula.op('AddV2', below, slope));
    },
  ]);
}

/** Layer normalisation of [rows, width] (Ba, Kiros & Hinton 2016). */
export function normalised(
  learned: DifferentiableFormula,
  x: Output,
  { gamma, beta, epsilon }: { gamma: Output; beta: Output; epsilon: number },
): Output {
  const { formula } = learned;
  const { graph } = formula;
  const mean = (of: Output): Output => formula.reduce('Mean', of, -1, true);
  const total = (of: Output): Output => formula.reduce('Sum', of, 0, false);
  const deviation = formula.op('Sub', x, mean(x));
  const variance = mean(formula.op('Square', deviation));
  const inverse = formula.op('Rsqrt', formula.op('AddV2', variance, graph.floats([epsilon])));
  const standard = formula.op('Mul', deviation, inverse);
  const result = formula.op('AddV2', formula.op('Mul', standard, gamma), beta);
  return learned.noted(result, [x, gamma, beta], (gradient) => [
    () => {
      const inner = formula.op('Mul', gradient, gamma);
      const along = formula.op('Mul', standard, mean(formula.op('Mul', inner, standard)));
      return formula.op('Mul', inverse, formula.op('Sub', formula.op('Sub', inner, mean(inner)), along));
    },
    () => total(formula.op('Mul', gradient, standard)),
    () => total(gradient),
  ]);
}

/** Rows of length 1. */
export function unit(learned: DifferentiableFormula, x: Output): Output {
  const { formula } = learned;
  const sum = (of: Output): Output => formula.reduce('Sum', of, -1, true);
  const squares = formula.op('Maximum', sum(formula.op('Square', x)), formula.graph.floats([1e-12]));
  const inverse = formula.op('Rsqrt', squares);
  const result = formula.op('Mul', x, inverse);
  return learned.noted(result, [x], (gradient) => [
    () => {
      const along = formula.op('Mul', result, sum(formula.op('Mul', gradient, result)));
      return formula.op('Mul', inverse, formula.op('Sub', gradient, along));
    },
  ]);
}

/**
 * Srivastava et al. 2014.
 *
 * @param keep scalar, share of numbers that it leaves; 1 leaves all
 * @param seed scalar int32: the same one drops the same numbers
 * @param place tells one dropout of a graph from another
 */
export function dropout(
  learned: DifferentiableFormula,
  x: Output,
  { keep, seed, place }: { keep: Output; seed: Output; place: number },
): Output {
  const { formula } = learned;
  const { graph } = formula;
  const seeds = graph.add('Pack', [seed, graph.ints([place], [])], { T: type('int32'), N: whole(2), axis: whole(0) });
  const types = { dtype: type('float32'), T: type('int32'), Tseed: type('int32') };
  const drawn = graph.add('StatelessRandomUniform', [learned.shapeOf(x), seeds], types);
  const kept = formula.op('Floor', formula.op('AddV2', drawn, keep));
  return learned.scaled(x, formula.op('RealDiv', kept, keep));
}
