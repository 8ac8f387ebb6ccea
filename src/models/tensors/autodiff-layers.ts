/** Layers of a transformer, with gradients. */
import type { DifferentiableGraph } from './autodiff.js';
import { float } from './graph-builder.js';
import { type, integer, type Output } from './graph-writer.js';

/** Along the last axis. */
export function softmax(diff: DifferentiableGraph, x: Output): Output {
  const { builder } = diff;
  const result = builder.graph.add('Softmax', [x], float);
  return diff.record(result, [x], (gradient) => [
    () => {
      const expected = builder.reduce('Sum', builder.op('Mul', gradient, result), -1, true);
      return builder.op('Mul', result, builder.op('Sub', gradient, expected));
    },
  ]);
}

/** x · Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016) */
export function gelu(diff: DifferentiableGraph, x: Output): Output {
  const { builder } = diff;
  const { graph } = builder;
  const times = (a: Output, factor: number): Output => builder.op('Mul', a, graph.floats([factor]));
  const erf = graph.add('Erf', [times(x, Math.SQRT1_2)], float);
  const cdf = builder.op('AddV2', times(erf, 0.5), graph.floats([0.5]));
  return diff.record(builder.op('Mul', x, cdf), [x], (gradient) => [
    () => {
      const density = builder.op('Exp', times(builder.op('Square', x), -0.5));
      const slope = times(builder.op('Mul', x, density), 1 / Math.sqrt(2 * Math.PI));
      return builder.op('Mul', gradient, builder.op('AddV2', cdf, slope));
    },
  ]);
}

/** Layer normalisation of [rows, width] (Ba, Kiros & Hinton 2016). */
export function layerNorm(
  diff: DifferentiableGraph,
  x: Output,
  { gamma, beta, epsilon }: { gamma: Output; beta: Output; epsilon: number },
): Output {
  const { builder } = diff;
  const { graph } = builder;
  const mean = (values: Output): Output => builder.reduce('Mean', values, -1, true);
  const total = (values: Output): Output => builder.reduce('Sum', values, 0, false);
  const deviation = builder.op('Sub', x, mean(x));
  const variance = mean(builder.op('Square', deviation));
  const inverse = builder.op('Rsqrt', builder.op('AddV2', variance, graph.floats([epsilon])));
  const standard = builder.op('Mul', deviation, inverse);
  const result = builder.op('AddV2', builder.op('Mul', standard, gamma), beta);
  return diff.record(result, [x, gamma, beta], (gradient) => [
    () => {
      const inner = builder.op('Mul', gradient, gamma);
      const along = builder.op('Mul', standard, mean(builder.op('Mul', inner, standard)));
      return builder.op('Mul', inverse, builder.op('Sub', builder.op('Sub', inner, mean(inner)), along));
    },
    () => total(builder.op('Mul', gradient, standard)),
    () => total(gradient),
  ]);
}

/** Scales rows to length 1. */
export function l2Normalise(diff: DifferentiableGraph, x: Output): Output {
  const { builder } = diff;
  const sum = (values: Output): Output => builder.reduce('Sum', values, -1, true);
  const squares = builder.op('Maximum', sum(builder.op('Square', x)), builder.graph.floats([1e-12]));
  const inverse = builder.op('Rsqrt', squares);
  const result = builder.op('Mul', x, inverse);
  return diff.record(result, [x], (gradient) => [
    () => {
      const along = builder.op('Mul', result, sum(builder.op('Mul', gradient, result)));
      return builder.op('Mul', inverse, builder.op('Sub', gradient, along));
    },
  ]);
}

/**
 * Srivastava et al. 2014.
 *
 * @param keep scalar, share of numbers that are kept
 * @param seed scalar int32; the same seed drops the same numbers
 * @param place index of this dropout in the graph, so that each one drops other numbers
 */
export function dropout(
  diff: DifferentiableGraph,
  x: Output,
  { keep, seed, place }: { keep: Output; seed: Output; place: number },
): Output {
  const { builder } = diff;
  const { graph } = builder;
  const seeds = graph.add('Pack', [seed, graph.ints([place], [])], {
    T: type('int32'),
    N: integer(2),
    axis: integer(0),
  });
  const types = { dtype: type('float32'), T: type('int32'), Tseed: type('int32') };
  const drawn = graph.add('StatelessRandomUniform', [diff.shapeOf(x), seeds], types);
  const kept = builder.op('Floor', builder.op('AddV2', drawn, keep));
  return diff.scale(x, builder.op('RealDiv', kept, keep));
}
