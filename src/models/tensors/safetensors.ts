/**
 * Weights on disk as safetensors: a length, a JSON header, and the numbers.
 *
 * Own code: `safetensors` 0.0.1 on npm reads into the browser's IndexedDB and cannot write; `@huggingface/hub` reads headers only.
 * What is written is read back bit by bit (`test/models/heads/numbers.test.ts`).
 */
import { open } from 'node:fs/promises';

/** Row-major, float32. */
export interface Tensor {
  shape: number[];
  values: Float32Array;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** The file can't be read as weights. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

/**
 * Reads weights. F32, F16 and BF16 become float32; integer tensors (position ids) are skipped.
 * https://huggingface.co/docs/safetensors: 8 bytes header length, JSON header, then the tensors.
 *
 * @throws SafetensorsError with the file and the reason
 */
export async function readSafetensors(path: string): Promise<Map<string, Tensor>> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer: lengthBytes } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const headerLength = Number(lengthBytes.readBigUInt64LE());
    if (size < 8 || headerLength > size - 8)
      throw new SafetensorsError(`${path}: not a safetensors file, or truncated`);
    const { buffer: header } = await file.read(Buffer.alloc(headerLength), 0, headerLength, 8);
    const entries = parseHeader(header.toString(), path);
    const tensors = new Map<string, Tensor>();
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [start, end],
      },
    ] of entries) {
      if (/^[IUB]\w*\d*$/.test(dtype) && dtype !== 'BF16') continue;
      if (8 + headerLength + end > size) throw new SafetensorsError(`${path}: truncated, ${name} is missing`);
      const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, 8 + headerLength + start);
      const values = toFloat32(buffer, dtype, `${path}: ${name}`);
      if (values.length !== shape.reduce((product, length) => product * length, 1)) {
        throw new SafetensorsError(`${path}: ${name} has ${values.length} values, but the shape ${shape.join(' × ')}`);
      }
      tensors.set(name, { shape, values });
    }
    return tensors;
  } finally {
    await file.close();
  }
}

/** Writes tensors as F32, in the order of the map. */
export async function writeSafetensors(path: string, tensors: Map<string, Tensor>): Promise<void> {
  const header: Record<string, Entry> = {};
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, (offset += values.byteLength)] };
  }
  const json = Buffer.from(JSON.stringify(header));
  // Tensors start at a multiple of 8, so that the file can be memory-mapped.
  const padding = Buffer.alloc((8 - (json.length % 8)) % 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  const file = await open(path, 'w');
  try {
    for (const part of [length, json, padding]) await file.writeFile(part);
    for (const { values } of tensors.values()) {
      await file.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function parseHeader(json: string, path: string): [string, Entry][] {
  try {
    const header = JSON.parse(json) as Record<string, Entry>;
    return Object.entries(header).filter(([name]) => name !== '__metadata__');
  } catch {
    throw new SafetensorsError(`${path}: its header is not JSON`);
  }
}

function toFloat32(bytes: Buffer, dtype: string, what: string): Float32Array {
  if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  if (dtype === 'BF16') {
    return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
  }
  if (dtype === 'F16') return Float32Array.from(halves, fromHalf);
  throw new SafetensorsError(`${what} is ${dtype}; F32, F16 and BF16 can be read`);
}

/** IEEE 754 half precision. */
function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
