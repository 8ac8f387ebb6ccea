/** A reference in a model's folder: `reference.json` for what has names, `reference.safetensors` for numbers. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { referenceFile } from '../../models/training/held-out-tickets.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../../models/tensors/safetensors.js';
import { blockCount, type Reference } from './reference.js';
import { binCount } from './ticket-coding.js';

const numbersFile = 'reference.safetensors';
const format = 1;

/** The folder has no drift reference, or an unreadable one; the message names the folder and the reason. */
export class DriftReferenceError extends Error {
  override readonly name = 'ReferenceError';
}

/** Writes `reference.json` last: where it exists, the reference is complete. */
export async function writeReference(folder: string, reference: Reference): Promise<void> {
  const { coding, counts, moments, embedding, ...rest } = reference;
  const { space, ...names } = coding;
  const tensors = new Map<string, Tensor>();
  const put = (name: string, values: Float32Array, ...shape: number[]): void =>
    void tensors.set(name, { shape, values });
  if (space) {
    put('space.mean', space.mean, space.size);
    put('space.basis', space.basis, space.dims - 1, space.size);
    put('space.centroids', space.centroids, space.centroids.length / space.dims, space.dims);
    put('space.frequencies', space.frequencies, space.frequencies.length / space.dims, space.dims);
  }
  const flat = counts.flat().flatMap((own) => (own ? [...own] : []));
  put('counts', Float32Array.from(flat), flat.length);
  if (embedding) {
    put('embedding.means', embedding.means, embedding.means.length);
    put('embedding.distances', embedding.distances, embedding.distances.length);
    for (const { size, surprises } of embedding.nulls) put(`embedding.surprises.${size}`, surprises, surprises.length);
  }
  await writeSafetensors(join(folder, numbersFile), tensors);
  const header = {
    format,
    ...rest,
    coding: { ...names, space: space && { size: space.size, dims: space.dims } },
    watched: counts.map((row) => row.map((own) => own !== null)),
    moments,
    embedding: embedding && {
      rows: embedding.rows,
      cuts: embedding.cuts,
      variances: embedding.variances,
      nulls: embedding.nulls.map(({ size, kernels }) => ({ size, kernels })),
    },
  };
  await writeFile(join(folder, `${referenceFile}.fresh`), JSON.stringify(header));
  await rename(join(folder, `${referenceFile}.fresh`), join(folder, referenceFile));
}

type Header = Omit<Reference, 'coding' | 'counts' | 'embedding'> & {
  format: number;
  coding: Omit<Reference['coding'], 'space'> & { space: { size: number; dims: number } | null };
  watched: boolean[][];
  embedding: {
    rows: number;
    cuts: number[];
    variances: number[];
    nulls: { size: number; kernels: { mean: number; variance: number }[] }[];
  } | null;
};

/** @throws ReferenceError */
export async function readReference(folder: string): Promise<Reference> {
  try {
    const header = JSON.parse(await readFile(join(folder, referenceFile), 'utf8')) as Header;
    if (header.format !== format) throw new Error(`its format is ${header.format}; this program reads ${format}`);
    return assembleReference(header, await readSafetensors(join(folder, numbersFile)));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = isMissing
      ? 'it was not written when the model was trained. Train the model again'
      : (error as Error).message;
    throw new DriftReferenceError(`${folder} has no drift reference: ${problem}`);
  }
}

function assembleReference({ format: _format, watched, ...header }: Header, tensors: Map<string, Tensor>): Reference {
  const numbers = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${numbersFile} has no ${name}`);
    return tensor.values;
  };
  const { space } = header.coding;
  const coding: Reference['coding'] = {
    ...header.coding,
    space: space && {
      ...space,
      mean: numbers('space.mean'),
      basis: numbers('space.basis'),
      centroids: numbers('space.centroids'),
      frequencies: numbers('space.frequencies'),
    },
  };
  const flat = Float64Array.from(numbers('counts'));
  let at = 0;
  const counts = watched.map((row) =>
    row.map((isWatched, index) => {
      const measure = coding.measures[index];
      if (!isWatched || !measure) return null;
      return flat.slice(at, (at += blockCount(coding, measure) * binCount(measure)));
    }),
  );
  const { embedding } = header;
  return {
    ...header,
    coding,
    counts,
    embedding: embedding && {
      ...embedding,
      means: numbers('embedding.means'),
      distances: numbers('embedding.distances'),
      nulls: embedding.nulls.map((own) => ({ ...own, surprises: numbers(`embedding.surprises.${own.size}`) })),
    },
  };
}
