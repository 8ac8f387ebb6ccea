/**
 * Decodes the record batches of one partition in a response of a broker, in place of kafkajs's decoder: that reads no codec but
 * gzip, and one batch that it can't read ends the consumer, with all partitions. Here such a batch becomes one message that
 * holds its bytes, and the next batch is read.
 *
 * Format: https://kafka.apache.org/documentation/#recordbatch
 */
import { codecNames, decompress } from './decompress.js';

/** A record batch that can't be read, in place of its messages */
export interface UnreadableBatch {
  /** Such as `zstd`; `unknown (5)` */
  codec: string;
  /** Number of records by the batch's header */
  records: number;
  firstOffset: string;
  lastOffset: string;
  problem: string;
}

/** What kafkajs expects of a decoder. Its `batch.ts` filters control records and aborted transactions. */
export interface DecodedMessage {
  key: Buffer | null;
  value: Buffer | null;
  /** ms since 1970 */
  timestamp: string;
  attributes: number;
  offset: string;
  headers: Record<string, Buffer | Buffer[]>;
  isControlRecord: boolean;
  batchContext: { producerId: string; inTransaction: boolean };
  /** The value is then the whole batch. */
  unreadable?: UnreadableBatch;
}

/** The records of a batch may have this size after decompression: six times the largest message. */
export const maxBatchBytes = 64 * 1024 * 1024;
/** Each record costs memory, however small it is. */
const maxRecords = 250_000;
/** The rest of a response is left for the next fetch once its batches have this size. */
const maxPartitionBytes = 16 * 1024 * 1024;

const noProducer = '-1';
const sizes = { beforeLength: 8, beforeEpoch: 12, header: 61 };
const transactionalFlag = 0x10;
const controlFlag = 0x20;
const logAppendTimeFlag = 0x08;

interface BatchHeader {
  firstOffset: number;
  crc: number;
  attributes: number;
  lastOffsetDelta: number;
  firstTimestamp: number;
  maxTimestamp: number;
  producerId: string;
  records: number;
}

export type Checksum = (bytes: Buffer) => number;

/** Whether the bytes start with a record batch of the current format, and not with messages as before Kafka 0.11 */
export const isRecordBatch = (bytes: Buffer): boolean => bytes.length > 16 && bytes.readInt8(16) === 2;

/**
 * @param bytes record batches; the last one may be incomplete
 * @param crc32c checksum of the format
 * @returns the messages of the batches, in order. The last offset of a batch is always there: where its record was compacted
 *   away, as a control record, so that the consumer's position passes it. Never rejects.
 */
export async function decodeRecordBatches(bytes: Buffer, crc32c: Checksum): Promise<DecodedMessage[]> {
  const messages: DecodedMessage[] = [];
  let size = 0;
  let at = 0;
  while (size < maxPartitionBytes) {
    const end = batchEnd(bytes, at);
    if (end === null) break;
    const batch = bytes.subarray(at, end);
    const decoded = await decodeBatch(batch, crc32c, nextOffset(bytes, end));
    for (const message of decoded.messages) messages.push(message);
    size += decoded.bytes;
    at = end;
  }
  return messages;
}

/** End of the batch at this position; null if it is incomplete, or no batch */
function batchEnd(bytes: Buffer, at: number): number | null {
  if (at + sizes.header > bytes.length) return null;
  const end = at + sizes.beforeEpoch + bytes.readInt32BE(at + sizes.beforeLength);
  return end >= at + sizes.header && end <= bytes.length ? end : null;
}

/** First offset of the batch at this position; null if there is none */
const nextOffset = (bytes: Buffer, at: number): number | null =>
  at + sizes.beforeLength <= bytes.length ? Number(bytes.readBigInt64BE(at)) : null;

function readHeader(batch: Buffer): BatchHeader {
  return {
    firstOffset: Number(batch.readBigInt64BE(0)),
    crc: batch.readUInt32BE(17),
    attributes: batch.readInt16BE(21),
    lastOffsetDelta: batch.readInt32BE(23),
    firstTimestamp: Number(batch.readBigInt64BE(27)),
    maxTimestamp: Number(batch.readBigInt64BE(35)),
    producerId: String(batch.readBigInt64BE(43)),
    records: batch.readInt32BE(57),
  };
}

async function decodeBatch(
  batch: Buffer,
  crc32c: Checksum,
  following: number | null,
): Promise<{ messages: DecodedMessage[]; bytes: number }> {
  const header = readHeader(batch);
  const isIntact = crc32c(batch.subarray(21)) === header.crc;
  try {
    if (batch.readInt8(16) !== 2) throw new Error(`format ${batch.readInt8(16)} is unknown`);
    if (!isIntact) throw new Error('the checksum does not match');
    const codec = codecNames[header.attributes & 7];
    if (codec === undefined) throw new Error('the codec is unknown');
    if (header.records > maxRecords) throw new Error(`more than ${maxRecords} records`);
    const body = batch.subarray(sizes.header);
    // Compaction may leave a batch without records.
    const records = header.records === 0 ? body : await decompress(codec, body, maxBatchBytes);
    return { messages: readRecords(records, header), bytes: records.length };
  } catch (error) {
    return { messages: [unreadableMessage(batch, header, { error, isIntact, following })], bytes: batch.length };
  }
}

function unreadableMessage(
  batch: Buffer,
  header: BatchHeader,
  { error, isIntact, following }: { error: unknown; isIntact: boolean; following: number | null },
): DecodedMessage {
  const { firstOffset, attributes, records } = header;
  // A damaged header must not skip records of the next batch. A position that is too low only reads this batch again.
  const delta = isIntact ? header.lastOffsetDelta : Math.min(header.lastOffsetDelta, records - 1);
  let last = firstOffset + Math.max(0, delta);
  if (following !== null && following > firstOffset && last >= following) last = following - 1;
  const codec = codecNames[attributes & 7] ?? `unknown (${attributes & 7})`;
  const problem = error instanceof Error ? error.message : String(error);
  return {
    ...context(isIntact ? header : { ...header, attributes: 0, producerId: noProducer }),
    isControlRecord: false,
    timestamp: String(header.maxTimestamp),
    offset: String(last),
    key: null,
    value: batch,
    unreadable: { codec, records, firstOffset: String(firstOffset), lastOffset: String(last), problem },
  };
}

type Context = Pick<DecodedMessage, 'attributes' | 'headers' | 'isControlRecord' | 'batchContext'>;

function context({ attributes, producerId }: BatchHeader): Context {
  return {
    attributes: 0,
    headers: {},
    isControlRecord: (attributes & controlFlag) !== 0,
    batchContext: { producerId, inTransaction: (attributes & transactionalFlag) !== 0 },
  };
}

/** @throws Error if the records don't match the header */
function readRecords(bytes: Buffer, header: BatchHeader): DecodedMessage[] {
  const { firstOffset, lastOffsetDelta, firstTimestamp, maxTimestamp, attributes, records } = header;
  const reader = new RecordReader(bytes);
  const { isControlRecord, batchContext } = context(header);
  const isAppendTime = (attributes & logAppendTimeFlag) !== 0;
  const messages: DecodedMessage[] = [];
  let delta = -1;
  for (let index = 0; index < records; index += 1) {
    const end = reader.varint() + reader.at;
    reader.skip(1);
    const timestamp = firstTimestamp + reader.varint();
    delta = reader.varint();
    const [key, value, headers] = [reader.bytes(), reader.bytes(), reader.headers()];
    if (reader.at !== end) throw new Error(`record ${index} has another length than it states`);
    messages.push({
      attributes: 0,
      timestamp: String(isAppendTime ? maxTimestamp : timestamp),
      offset: String(firstOffset + delta),
      key,
      value,
      headers,
      isControlRecord,
      batchContext,
    });
  }
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} bytes follow the last record`);
  if (delta !== lastOffsetDelta) messages.push(controlRecord(firstOffset + lastOffsetDelta, maxTimestamp));
  return messages;
}

/** Takes the consumer past an offset without a record. */
function controlRecord(offset: number, timestamp: number): DecodedMessage {
  const batchContext = { producerId: noProducer, inTransaction: false };
  const empty = { attributes: 0, key: null, value: null, headers: {}, batchContext };
  return { ...empty, offset: String(offset), timestamp: String(timestamp), isControlRecord: true };
}

/** Reads the fields of records. @throws Error at the end of the bytes */
class RecordReader {
  at = 0;

  constructor(private readonly buffer: Buffer) {}

  /** A signed integer of up to 64 bits, zigzag-encoded */
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.buffer[this.at];
      if (byte === undefined || factor > 2 ** 63) throw new Error('a record is incomplete');
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** With its length before it; null if that is negative */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    if (start + length > this.buffer.length) throw new Error('a record is incomplete');
    this.at += length;
    return this.buffer.subarray(start, this.at);
  }

  /** A name that occurs twice has a list. */
  headers(): DecodedMessage['headers'] {
    const found = new Map<string, Buffer | Buffer[]>();
    for (let left = this.varint(); left > 0; left -= 1) {
      const name = this.bytes()?.toString() ?? '';
      const value = this.bytes() ?? Buffer.alloc(0);
      const known = found.get(name);
      if (known === undefined) found.set(name, value);
      else if (Array.isArray(known)) known.push(value);
      else found.set(name, [known, value]);
    }
    return Object.fromEntries(found);
  }
}
