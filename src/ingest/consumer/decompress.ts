/**
 * Decompresses the records of a Kafka batch: gzip, snappy, lz4 and zstd, as brokers and the clients of all languages write
 * them. No codec returns more than the limit, however well the data is compressed.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { decompressFrame } from 'lz4-napi';
import { uncompress } from 'snappy';
import { ZSTDDecoder } from 'zstddec';

/** By the number in a batch's attributes */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof codecNames)[number];

/** The records of a batch are larger than the limit after decompression. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/**
 * @param limit maximum size of the result, bytes
 * @throws TooLargeError
 * @throws Error if the data is corrupt
 */
export async function decompress(codec: Codec, data: Buffer, limit: number): Promise<Buffer> {
  switch (codec) {
    case 'none':
      return data;
    case 'gzip':
      return gunzip(data, { maxOutputLength: limit }).catch((error: unknown) => {
        throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(limit) : error;
      });
    case 'snappy':
      return decompressSnappy(data, limit);
    case 'lz4':
      if (maxLz4Size(data) > limit) throw tooLarge(limit);
      return decompressFrame(data);
    case 'zstd':
      return decompressZstd(data, limit);
  }
}

const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip);

const tooLarge = (limit: number): TooLargeError =>
  new TooLargeError(`more than ${limit / 2 ** 20} MiB after decompression`);

/** Header of the framing of the Java client: magic, version, compatible version; then blocks with their length. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHeaderBytes = 16;

/** Snappy can't compress by more than 22. */
const maxSnappyRatio = 64;

/** Java writes snappy-java's framing; librdkafka and others write one raw block. */
async function decompressSnappy(data: Buffer, limit: number): Promise<Buffer> {
  const blocks = startsWith(data, 0, xerialMagic) ? [...xerialBlocks(data)] : [data];
  let size = 0;
  for (const block of blocks) {
    const blockSize = rawSnappySize(block);
    if (blockSize > block.length * maxSnappyRatio) throw new Error('corrupt snappy data');
    size += blockSize;
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(await Promise.all(blocks.map(async (block) => Buffer.from(await uncompress(block)))));
}

function* xerialBlocks(data: Buffer): Generator<Buffer> {
  let at = 0;
  while (at < data.length) {
    // Streams may be concatenated.
    if (startsWith(data, at, xerialMagic)) {
      at += xerialHeaderBytes;
      continue;
    }
    const end = at + 4 + data.readInt32BE(at);
    if (end <= at || end > data.length) throw new Error('a snappy block is longer than the data');
    yield data.subarray(at + 4, end);
    at = end;
  }
}

/** Snappy starts with the decompressed length as a varint of at most 32 bits. */
function rawSnappySize(block: Buffer): number {
  let size = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new Error('no snappy data');
}

const lz4Magic = Buffer.from([0x04, 0x22, 0x4d, 0x18]);
/** LZ4 can't compress by more than this factor. */
const maxLz4Ratio = 255;

/** Upper bound of the decompressed size of an LZ4 frame, from the headers of its blocks, bytes */
function maxLz4Size(data: Buffer): number {
  if (!startsWith(data, 0, lz4Magic)) throw new Error('no LZ4 frame');
  const flags = data.readUInt8(4);
  const maxBlockBytes = 2 ** (8 + 2 * ((data.readUInt8(5) >> 4) & 7));
  const [hasBlockChecksum, hasContentSize, hasDictionary] = [0x10, 0x08, 0x01].map((bit) => (flags & bit) !== 0);
  let at = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let size = 0;
  for (;;) {
    const header = data.readUInt32LE(at);
    if (header === 0) return size;
    const bytes = header & 0x7fffffff;
    size += Math.min(maxBlockBytes, bytes * maxLz4Ratio);
    at += 4 + bytes + (hasBlockChecksum ? 4 : 0);
  }
}

const zstd = new ZSTDDecoder();
const zstdMagic = 0xfd2fb528;
/** 16 numbers */
const zstdSkippableMagic = 0x184d2a50;
const maxZstdBlockBytes = 128 * 1024;

/** In WebAssembly, because Node.js has zstd only since 22.15. */
async function decompressZstd(data: Buffer, limit: number): Promise<Buffer> {
  const maxSize = maxZstdSize(data);
  await zstd.init();
  const records = zstd.decode(data, Math.min(maxSize, limit));
  // The library returns nothing if zstd reports an error: corrupt data, or more than fits.
  if (records.length > 0) return Buffer.from(records.buffer, records.byteOffset, records.length);
  throw maxSize > limit ? tooLarge(limit) : new Error('corrupt zstd data');
}

/** Upper bound of the decompressed size of zstd frames, from the headers of their blocks, bytes (RFC 8878) */
function maxZstdSize(data: Buffer): number {
  let size = 0;
  let at = 0;
  while (at < data.length) {
    const magic = data.readUInt32LE(at);
    if (magic >>> 4 === zstdSkippableMagic >>> 4) {
      at += 8 + data.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== zstdMagic) throw new Error('no zstd frame');
    const flags = data.readUInt8(at + 4);
    const isSingleSegment = (flags & 0x20) !== 0;
    const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
    at += 5 + (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][flags & 3] ?? 0) + contentSizeBytes;
    for (let isLast = false; !isLast;) {
      const header = data.readUIntLE(at, 3);
      isLast = (header & 1) !== 0;
      const [type, bytes] = [(header >> 1) & 3, header >> 3];
      const isRepeatedByte = type === 1;
      size += type === 2 ? maxZstdBlockBytes : bytes;
      at += 3 + (isRepeatedByte ? 1 : bytes);
    }
    if (flags & 4) at += 4;
  }
  return size;
}

const startsWith = (data: Buffer, at: number, magic: Buffer): boolean =>
  data.subarray(at, at + magic.length).equals(magic);
