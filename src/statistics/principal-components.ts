/** Principal components of rows of numbers. */

const rounds = 12;

/** Subspace iteration on the covariance (Halko, Martinsson & Tropp 2011). @returns orthonormal rows, [count, size] */
export function principalComponents(
  rows: readonly Float32Array[],
  mean: Float32Array,
  count: number,
  random: () => number,
): Float32Array {
  const size = mean.length;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (const row of rows) {
    for (let at = 0; at < size; at += 1) centred[at] = row[at]! - mean[at]!;
    for (let a = 0; a < size; a += 1) {
      const value = centred[a]!;
      const start = a * size;
      for (let b = 0; b <= a; b += 1) covariance[start + b] = covariance[start + b]! + value * centred[b]!;
    }
  }
  for (let a = 0; a < size; a += 1) for (let b = 0; b < a; b += 1) covariance[b * size + a] = covariance[a * size + b]!;
  let basis = Float32Array.from({ length: count * size }, () => random() - 0.5);
  orthonormalise(basis, size);
  for (let round = 0; round < rounds; round += 1) {
    const next = new Float32Array(count * size);
    for (let direction = 0; direction < count; direction += 1) {
      const vector = basis.subarray(direction * size, (direction + 1) * size);
      for (let a = 0; a < size; a += 1) {
        let sum = 0;
        for (let b = 0; b < size; b += 1) sum += covariance[a * size + b]! * vector[b]!;
        next[direction * size + a] = sum;
      }
    }
    orthonormalise(next, size);
    basis = next;
  }
  return basis;
}

/** Gram–Schmidt, in place; a row that is a mixture of the others becomes zeros. */
function orthonormalise(basis: Float32Array, size: number): void {
  for (let row = 0; row < basis.length; row += size) {
    const vector = basis.subarray(row, row + size);
    const before = Math.sqrt(dot(vector, basis, row, size));
    for (let other = 0; other < row; other += size) {
      const share = dot(vector, basis, other, size);
      for (let at = 0; at < size; at += 1) vector[at] = vector[at]! - share * basis[other + at]!;
    }
    const length = Math.sqrt(dot(vector, basis, row, size));
    const scale = length > 1e-4 * before && length > 0 ? 1 / length : 0;
    for (let at = 0; at < size; at += 1) vector[at] = vector[at]! * scale;
  }
}

/** Single precision only: this is the hot loop, and one array type is twice as fast as mixed types. */
export function dot(a: Float32Array, b: Float32Array, start: number, length: number): number {
  let even = 0;
  let odd = 0;
  let at = 0;
  for (; at + 1 < length; at += 2) {
    even += a[at]! * b[start + at]!;
    odd += a[at + 1]! * b[start + at + 1]!;
  }
  if (at < length) even += a[at]! * b[start + at]!;
  return even + odd;
}
