/**
 * Cache of embeddings on disk, by text and encoder.
 *
 * Invariant: a process appends to its own file only. Parallel trainings do not interfere, and an incomplete record of a killed one
 * is at the end of a file that no process appends to.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const keyBytes = 16;

export const textKey = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * keyBytes);

export class EmbeddingCache {
  private readonly places = new Map<string, { file: number; offset: number }>();
  private readonly files: number[] = [];
  private readonly folder: string;
  private added: number | null = null;

  /**
   * @param folder of all encoders
   * @param encoder hash of the encoder
   * @param length numbers in one embedding
   */
  constructor(
    folder: string,
    encoder: string,
    private readonly length: number,
  ) {
    this.folder = join(folder, `embeddings-${encoder.slice(0, 16)}`);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.folder)) this.index(join(this.folder, name));
  }

  private get recordBytes(): number {
    return keyBytes + 4 * this.length;
  }

  get(key: string): Float32Array | null {
    const place = this.places.get(key);
    if (!place) return null;
    const values = new Float32Array(this.length);
    readSync(place.file, new Uint8Array(values.buffer), 0, 4 * this.length, place.offset);
    return values;
  }

  put(entries: readonly { key: string; values: Float32Array }[]): void {
    if (entries.length === 0) return;
    this.added ??= openSync(join(this.folder, `${process.pid}-${Date.now()}.bin`), 'a', 0o600);
    const bytes = Buffer.alloc(entries.length * this.recordBytes);
    entries.forEach(({ key, values }, index) => {
      bytes.write(key, index * this.recordBytes, 'hex');
      bytes.set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        index * this.recordBytes + keyBytes,
      );
    });
    writeSync(this.added, bytes);
  }

  close(): void {
    for (const file of this.files) closeSync(file);
    if (this.added !== null) closeSync(this.added);
  }

  private index(path: string): void {
    const file = openSync(path, 'r');
    this.files.push(file);
    const perRead = Math.max(1, Math.floor(4_000_000 / this.recordBytes));
    const buffer = Buffer.alloc(perRead * this.recordBytes);
    for (let start = 0; ; start += buffer.length) {
      const read = readSync(file, buffer, 0, buffer.length, start);
      for (let at = 0; at + this.recordBytes <= read; at += this.recordBytes) {
        this.places.set(buffer.toString('hex', at, at + keyBytes), { file, offset: start + at + keyBytes });
      }
      if (read < buffer.length) return;
    }
  }
}

/** Deletes the cached embeddings of all encoders, for the erasure of a customer. */
export function eraseEmbeddings(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('embeddings-')) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
