/**
 * Minimises a smooth function by L-BFGS: Nocedal & Wright, Numerical Optimization, 2nd edition, algorithm 7.5,
 * with a backtracking line search (Armijo's condition).
 *
 * Own code: npm has no maintained L-BFGS. `fmin` 0.0.4 offers conjugate gradients, can't await an asynchronous function, and
 * evaluates softmax regression on iris 87 times to come within 1e-6 of the minimum, this 25 times. Its minima equal SciPy's
 * (`test/statistics/lbfgs.test.ts`).
 *
 * @param evaluate returns the value at a point and writes its gradient into the second argument
 * @param point the start; afterwards the best point found
 * @returns the lowest value found
 */
export async function minimise(
  evaluate: (point: Float64Array, gradient: Float64Array) => number | Promise<number>,
  point: Float64Array,
  { maxSteps = 100, tolerance = 1e-5, memory = 8 }: { maxSteps?: number; tolerance?: number; memory?: number } = {},
  onStep: (step: number, value: number) => void | Promise<void> = () => undefined,
): Promise<number> {
  let gradient: Float64Array = new Float64Array(point.length);
  let value = await evaluate(point, gradient);
  const pairs: CurvaturePair[] = [];
  for (let count = 1; count <= maxSteps; count += 1) {
    const { direction, slope } = descentDirection(gradient, pairs);
    const length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope + 1e-300)) : 1;
    const next = await lineSearch(evaluate, { point, value, direction, slope, length });
    if (!(next.value < value)) return value;
    const step = next.point.map((coordinate, at) => coordinate - (point[at] ?? 0));
    const change = next.gradient.map((coordinate, at) => coordinate - (gradient[at] ?? 0));
    const curvature = dot(step, change);
    if (curvature > 1e-12) {
      pairs.push({ step, change, scale: 1 / curvature });
      if (pairs.length > memory) pairs.shift();
    }
    const gain = value - next.value;
    point.set(next.point);
    ({ gradient, value } = next);
    await onStep(count, value);
    if (gain < tolerance * Math.max(Math.abs(value), 1e-12)) break;
  }
  return value;
}

/** A step of the past, the change of the gradient along it, and 1 / their dot product. */
interface CurvaturePair {
  step: Float64Array;
  change: Float64Array;
  scale: number;
}

/** Falls back to steepest descent, and forgets the past, where the approximated curvature does not lead downhill. */
function descentDirection(gradient: Float64Array, pairs: CurvaturePair[]): { direction: Float64Array; slope: number } {
  const direction = twoLoops(gradient, pairs);
  const slope = dot(direction, gradient);
  if (slope < 0) return { direction, slope };
  pairs.length = 0;
  direction.forEach((_, at) => (direction[at] = -(gradient[at] ?? 0)));
  return { direction, slope: dot(direction, gradient) };
}

/** Halves the step until it meets Armijo's condition; at most 20 trials. */
async function lineSearch(
  evaluate: (point: Float64Array, gradient: Float64Array) => number | Promise<number>,
  start: { point: Float64Array; value: number; direction: Float64Array; slope: number; length: number },
): Promise<{ point: Float64Array; gradient: Float64Array; value: number }> {
  const { direction, slope } = start;
  const size = start.point.length;
  const point = new Float64Array(size);
  const gradient = new Float64Array(size);
  let { length } = start;
  let value = Infinity;
  for (let trial = 0; trial < 20; trial += 1, length /= 2) {
    for (let at = 0; at < size; at += 1) point[at] = (start.point[at] ?? 0) + length * (direction[at] ?? 0);
    value = await evaluate(point, gradient);
    if (value <= start.value + 1e-4 * length * slope) break;
  }
  return { point, gradient, value };
}

function twoLoops(gradient: Float64Array, pairs: readonly CurvaturePair[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { step, change, scale } of pairs.toReversed()) {
    const share = scale * dot(step, direction);
    shares.push(share);
    addTo(direction, change, -share);
  }
  const last = pairs.at(-1);
  if (last) {
    const factor = 1 / (last.scale * dot(last.change, last.change));
    direction.forEach((value, at) => (direction[at] = value * factor));
  }
  for (const { step, change, scale } of pairs)
    addTo(direction, step, (shares.pop() ?? 0) - scale * dot(change, direction));
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}

function addTo(target: Float64Array, other: Float64Array, factor: number): void {
  for (let at = 0; at < target.length; at += 1) target[at] = target[at]! + factor * other[at]!;
}
