/**
 * Embeddings in few numbers: coordinates along the reference's principal components and the length of the residual, the distance
 * to the nearest of many centroids of the reference, and random features whose means distinguish distributions (Rahimi & Recht, NeurIPS 2007).
 */
import { seeded } from '../../statistics/random.js';
import { dot, principalComponents } from '../../statistics/principal-components.js';
import { normalQuantile } from '../../statistics/special-functions.js';

export interface EmbeddingSpace {
  /** Dimensions of an embedding */
  size: number;
  /** Coordinates of a ticket; the last is the length of the residual */
  dims: number;
  /** [size] */
  mean: Float32Array;
  /** [dims − 1, size], orthonormal */
  basis: Float32Array;
  /** [centroids, dims] */
  centroids: Float32Array;
  /** [features, dims] */
  frequencies: Float32Array;
}

/** Coordinates are stored as integers of this unit: their sums are exact, and they take two bytes. */
export const coordinateUnit = 1 / 16_384;

const maxComponents = 96;
const maxCentroids = 256;
const rowsPerCentroid = 12;
const maxComponentRows = 4_000;
const rounds = 12;
/** Kernel bandwidths, in typical distances of two tickets (MMDAgg, Schrab et al., JMLR 2023) */
export const bandwidths = [0.35, 0.7, 1.4] as const;
const frequenciesPerBandwidth = 48;
/** A cosine and a sine of each frequency */
export const featureCount = ({ frequencies, dims }: EmbeddingSpace): number => (2 * frequencies.length) / dims;

/** @param rows embeddings that are used for nothing else afterwards */
export function fitEmbeddingSpace(rows: readonly Float32Array[], seed: number): EmbeddingSpace {
  const size = rows[0]?.length ?? 0;
  const random = seeded(seed);
  const some = rows.slice(0, maxComponentRows);
  const mean = new Float32Array(size);
  for (const row of some) for (let at = 0; at < size; at += 1) mean[at] = mean[at]! + row[at]! / some.length;
  const directions = Math.min(maxComponents, size, Math.max(1, some.length - 1));
  const space: EmbeddingSpace = {
    size,
    dims: directions + 1,
    mean,
    basis: principalComponents(some, mean, directions, random),
    centroids: new Float32Array(),
    frequencies: new Float32Array(),
  };
  const locator = new Locator(space);
  const points = rows.map((row) => locator.project(row));
  space.centroids = kMeans(
    points,
    space.dims,
    random,
    Math.max(1, Math.min(maxCentroids, Math.floor(points.length / rowsPerCentroid))),
  );
  space.frequencies = drawFrequencies(points, space.dims, random);
  return space;
}

/** Locates tickets in a space. It has its own buffers: use one for each concurrent caller. */
export class Locator {
  private readonly centred: Float32Array;
  private readonly point: Float32Array;

  constructor(private readonly space: EmbeddingSpace) {
    this.centred = new Float32Array(space.size);
    this.point = new Float32Array(space.dims);
  }

  /** @returns whole numbers of `coordinateUnit`, [dims] */
  project(embedding: Float32Array): Int16Array {
    const { centred } = this;
    const { size, dims, mean, basis } = this.space;
    let squares = 0;
    for (let at = 0; at < size; at += 1) {
      const value = embedding[at]! - mean[at]!;
      centred[at] = value;
      squares += value * value;
    }
    const point = new Int16Array(dims);
    for (let direction = 0; direction < dims - 1; direction += 1) {
      const value = dot(centred, basis, direction * size, size);
      squares -= value * value;
      point[direction] = quantise(value);
    }
    point[dims - 1] = quantise(Math.sqrt(Math.max(0, squares)));
    return point;
  }

  /** The nearest centroid and its distance. */
  nearestCentroid(point: Int16Array): { centroid: number; distance: number } {
    this.point.set(point);
    return nearestCentroid(this.point, this.space.centroids, this.space.dims);
  }

  /** Adds the cosines and sines of a ticket's point to `sums`, [featuresOf(space)]. */
  addFeatures(point: Int16Array, sums: Float32Array): void {
    this.point.set(point);
    const { dims, frequencies } = this.space;
    for (let start = 0, at = 0; start < frequencies.length; start += dims, at += 2) {
      const angle = dot(this.point, frequencies, start, dims);
      sums[at] = sums[at]! + Math.cos(angle);
      sums[at + 1] = sums[at + 1]! + Math.sin(angle);
    }
  }
}

const quantise = (value: number): number => Math.max(-32_767, Math.min(32_767, Math.round(value / coordinateUnit)));

/** Dimensions between checks whether a centroid is farther already: the first have most of the distance. */
const dimsPerStep = 16;

/** The length of the residual, the last coordinate, is part of the distance. */
function nearestCentroid(
  point: Float32Array,
  centroids: Float32Array,
  dims: number,
): { centroid: number; distance: number } {
  const last = dims - 1;
  let centroid = 0;
  let least = Infinity;
  for (let start = 0, index = 0; start < centroids.length; start += dims, index += 1) {
    let squares = 0;
    let at = 0;
    while (at < last && squares < least) {
      const end = Math.min(at + dimsPerStep, last);
      for (; at < end; at += 1) {
        const difference = point[at]! - centroids[start + at]!;
        squares += difference * difference;
      }
    }
    if (squares < least) {
      centroid = index;
      least = squares;
    }
  }
  const beside = point[last]!;
  return { centroid, distance: Math.sqrt(least + beside * beside) * coordinateUnit };
}

/** k-means from random tickets; a centroid that loses its tickets keeps its place. */
function kMeans(points: readonly Int16Array[], dims: number, random: () => number, most: number): Float32Array {
  const count = Math.min(most, points.length);
  const order = points.map((_, index) => index);
  for (let at = 0; at < count; at += 1) {
    const other = at + Math.floor(random() * (order.length - at));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  const centroids = new Float32Array(count * dims);
  for (let index = 0; index < count; index += 1) centroids.set(points[order[index]!] ?? [], index * dims);
  const buffer = new Float32Array(dims);
  for (let round = 0; round < rounds; round += 1) {
    const sums = new Float64Array(count * dims);
    const sizes = new Float64Array(count);
    for (const point of points) {
      buffer.set(point);
      const { centroid } = nearestCentroid(buffer, centroids, dims);
      sizes[centroid] = sizes[centroid]! + 1;
      for (let at = 0; at < dims; at += 1) sums[centroid * dims + at] = sums[centroid * dims + at]! + point[at]!;
    }
    sums.forEach((sum, at) => {
      const tickets = sizes[Math.floor(at / dims)]!;
      if (tickets > 0) centroids[at] = sum / tickets;
    });
  }
  return centroids;
}

/** @returns which of `count` groups each centroid belongs to: coarse topics */
export function groupCentroids({ dims, centroids }: EmbeddingSpace, count: number, seed: number): number[] {
  const points = Array.from({ length: centroids.length / dims }, (_, index) =>
    Int16Array.from(centroids.subarray(index * dims, (index + 1) * dims)),
  );
  const groups = kMeans(points, dims, seeded(seed), count);
  return points.map((point) => nearestCentroid(Float32Array.from(point), groups, dims).centroid);
}

/** Frequencies of Gaussian kernels of several bandwidths. */
function drawFrequencies(points: readonly Int16Array[], dims: number, random: () => number): Float32Array {
  const distances = points.slice(1, 400).map((point, index) => {
    const other = points[index] as Int16Array;
    return Math.sqrt(point.reduce((sum, value, at) => sum + (value - other[at]!) ** 2, 0));
  });
  distances.sort((a, b) => a - b);
  const typical = Math.max(1, distances[Math.floor(distances.length / 2)] ?? 1);
  return Float32Array.from(
    { length: bandwidths.length * frequenciesPerBandwidth * dims },
    (_, at) =>
      normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, random()))) /
      (typical * bandwidths[Math.floor(at / (frequenciesPerBandwidth * dims))]!),
  );
}
