/**
 * Finds the least of a smooth function by L-BFGS: Nocedal & Wright, Numerical Optimization, 2nd edition, algorithm 7.5,
 * with a backtracking line search (Armijo's condition).
 *
 * Own code: npm has no maintained L-BFGS. `fmin` 0.0.4 offers conjugate gradients, cannot wait for a function that answers later, and
 * evaluates softmax regression on iris 87 times until it is within 1e-6 of the least loss, this 25 times. Its minima equal SciPy's
 * (`test/statistics/lbfgs.test.ts`).
 *
 * @param evaluate the function's value at a point, and its gradient there, written into the second argument
 * @param point where to start; holds the best point afterwards
 * @returns the least value found
 */
export async function minimise(
  evaluate: (point: Float64Array, gradient: Float64Array) => number | Promise<number>,
  point: Float64Array,
  { mostSteps = 100, tolerance = 1e-5, memory = 8 }: { mostSteps?: number; tolerance?: number; memory?: number } = {},
  onStep: (step: number, value: number) => void | Promise<void> = () => undefined,
): Promise<number> {
  const size = point.length;
  let gradient = new Float64Array(size);
  let value = await evaluate(point, gradient);
  const pairs: { step: Float64Array; change: Float64Array; scale: number }[] = [];
  for (let count = 1; count <= mostSteps; count += 1) {
    const direction = twoLoops(gradient, pairs);
    let slope = dot(direction, gradient);
    if (slope >= 0) {
      pairs.length = 0;
      direction.forEach((_, at) => (direction[at] = -(gradient[at] ?? 0)));
      slope = dot(direction, gradient);
    }
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope + 1e-300)) : 1;
    const candidate = new Float64Array(size);
    const nextGradient = new Float64Array(size);
    let next = Infinity;
    for (let trial = 0; trial < 20; trial += 1, length /= 2) {
      for (let at = 0; at < size; at += 1) candidate[at] = (point[at] ?? 0) + length * (direction[at] ?? 0);
      next = await evaluate(candidate, nextGradient);
      if (next <= value + 1e-4 * length * slope) break;
    }
    if (!(next < value)) return value;
    const step = candidate.map((coordinate, at) => coordinate - (point[at] ?? 0));
    const change = nextGradient.map((coordinate, at) => coordinate - (gradient[at] ?? 0));
    const curvature = dot(step, change);
    if (curvature > 1e-12) {
      pairs.push({ step, change, scale: 1 / curvature });
      if (pairs.length > memory) pairs.shift();
    }
    const gain = value - next;
    point.set(candidate);
    gradient = nextGradient;
    value = next;
    await onStep(count, value);
    if (gain < tolerance * Math.max(Math.abs(value), 1e-12)) break;
  }
  return value;
}

function twoLoops(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; change: Float64Array; scale: number }[],
): Float64Array {
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
  for (let at = 0; at < a.length; at += 1) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function addTo(target: Float64Array, other: Float64Array, factor: number): void {
  for (let at = 0; at < target.length; at += 1) target[at] = (target[at] as number) + factor * (other[at] as number);
}
