/** Record batches as a producer writes them, for what no producer here can write: damaged ones, and those of other codecs. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
export const crc32c = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

export interface BatchOptions {
  firstOffset?: number;
  /** Default: as many as there are values */
  records?: number;
  lastOffsetDelta?: number;
  codec?: number;
}

export const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
};
const withLength = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length), bytes]);

/** The records of a batch, before they are compressed */
export const recordBytes = (values: (string | Buffer)[]): Buffer =>
  Buffer.concat(
    values.map((value, index) => {
      const [none, noHeaders] = [varint(-1), varint(0)];
      const start = [Buffer.from([0]), varint(0), varint(index), none];
      return withLength(Buffer.concat([...start, withLength(Buffer.from(value)), noHeaders]));
    }),
  );

/** @param body the records, compressed by the codec */
export function recordBatch(body: Buffer, count: number, options: BatchOptions = {}): Buffer {
  const { firstOffset = 0, records = count, lastOffsetDelta = count - 1, codec = 0 } = options;
  const batch = Buffer.alloc(61 + body.length);
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(codec, 21);
  batch.writeInt32BE(lastOffsetDelta, 23);
  batch.writeBigInt64BE(1_790_000_000_000n, 27);
  batch.writeBigInt64BE(1_790_000_000_000n, 35);
  batch.writeBigInt64BE(-1n, 43);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(records, 57);
  body.copy(batch, 61);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** An uncompressed batch of these values */
export const plainBatch = (values: (string | Buffer)[], options: BatchOptions = {}): Buffer =>
  recordBatch(recordBytes(values), values.length, options);
