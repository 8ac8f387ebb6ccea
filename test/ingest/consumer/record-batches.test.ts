/** What producers and brokers write onto a topic, in all codecs; and what becomes of a batch that can't be read. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../src/ingest/consumer/decompress.js';
import { decodeRecordBatches, maxBatchBytes } from '../../../src/ingest/consumer/record-batches.js';
import { crc32c, plainBatch, recordBatch, recordBytes, varint } from '../../support/record-batch.js';

const fixture = (name: string): Buffer => readFileSync(resolve(import.meta.dirname, 'record-batches', name));
const decode = (...batches: Buffer[]) => decodeRecordBatches(Buffer.concat(batches), crc32c);
const compressors = [
  { codec: 1, name: 'gzip', compress: (bytes: Buffer) => gzipSync(bytes) },
  { codec: 2, name: 'snappy', compress: (bytes: Buffer) => compressSync(bytes) },
  { codec: 3, name: 'lz4', compress: (bytes: Buffer) => compressFrameSync(bytes) },
];
/** A zstd frame of `blocks` blocks that repeat one byte 128 Ki times: Node.js 20 can't compress. */
const zstdOfRepeatedBytes = (blocks: number): Buffer => {
  const header = (isLast: boolean): Buffer => {
    const block = Buffer.alloc(4);
    block.writeUIntLE((isLast ? 1 : 0) | (1 << 1) | (0x20000 << 3), 0, 3);
    return block;
  };
  const magicAndWindow = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]);
  return Buffer.concat([magicAndWindow, ...Array.from({ length: blocks }, (_, index) => header(index === blocks - 1))]);
};

describe('a batch', () => {
  const written = ['librdkafka', 'java'].flatMap((client) =>
    ['gzip', 'snappy', 'lz4', 'zstd'].map((codec) => [client, codec] as const),
  );
  test.each(written)('that %s compressed with %s is read', async (client, codec) => {
    const messages = await decode(fixture(`${client}-${codec}.bin`));
    expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    for (const [index, { key, value, headers, isControlRecord, timestamp, unreadable }] of messages.entries()) {
      expect(String(key)).toBe(`k${index}`);
      expect(String(value)).toBe(`ticket ${index}: ${'my card has not arrived yet. '.repeat(300)}`);
      expect(String(headers.origin)).toBe(client);
      expect(new Date(Number(timestamp)).getUTCFullYear()).toBe(2026);
      expect({ isControlRecord, unreadable }).toEqual({ isControlRecord: false, unreadable: undefined });
    }
  });

  test('of any values is read as it was written, in each codec', async () => {
    const value = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.constant('x'.repeat(70_000)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 5 }), async (values) => {
        for (const { codec, compress } of [{ codec: 0, compress: (bytes: Buffer) => bytes }, ...compressors]) {
          const messages = await decode(recordBatch(compress(recordBytes(values)), values.length, { codec }));
          expect(messages.map(({ value: read }, index) => read?.equals(Buffer.from(values[index] ?? '')))).toEqual(
            values.map(() => true),
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  test('in LZ4 may have linked blocks and checksums', async () => {
    const content = await decompress('lz4', fixture('linked-checksums.lz4'), maxBatchBytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(
      '0685819427688ff8be8ad63f7240c502a4823147a8c819ba3ea1976b04a7f579',
    );
  });

  test('in the framing of the Java client may be of several snappy streams', async () => {
    const framed = (bytes: Buffer): Buffer => {
      const block = compressSync(bytes);
      const length = Buffer.alloc(4);
      length.writeInt32BE(block.length);
      return Buffer.concat([
        Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
        length,
        block,
      ]);
    };
    const body = recordBytes(['first', 'second']);
    const parts = [body.subarray(0, 7), body.subarray(7)].map(framed);
    const messages = await decode(recordBatch(Buffer.concat(parts), 2, { codec: 2 }));
    expect(messages.map(({ value }) => String(value))).toEqual(['first', 'second']);
  });

  test('whose end was compacted away leads past its last offset', async () => {
    const messages = await decode(
      plainBatch(['kept'], { lastOffsetDelta: 4 }),
      plainBatch([], { firstOffset: 5, lastOffsetDelta: 2 }),
    );
    expect(messages.map(({ offset, isControlRecord }) => [offset, isControlRecord])).toEqual([
      ['0', false],
      ['4', true],
      ['7', true],
    ]);
  });

  test('that has not arrived as a whole is left for the next fetch', async () => {
    const [first, second] = [plainBatch(['a']), plainBatch(['b'], { firstOffset: 1 })];
    for (let length = 0; length < second.length; length += 1) {
      const messages = await decode(first, second.subarray(0, length));
      expect(messages.map(({ value }) => String(value))).toEqual(['a']);
    }
  });

  test('with a hundred thousand headers is read', async () => {
    const header = Buffer.from([2, 0x61, 2, 0x62]);
    const start = Buffer.from([0, 0, 0, 1, 1]);
    const record = Buffer.concat([start, varint(100_000), ...Array.from({ length: 100_000 }, () => header)]);
    const [message] = await decode(recordBatch(Buffer.concat([varint(record.length), record]), 1));
    expect(message?.unreadable).toBeUndefined();
    expect(message?.headers.a).toHaveLength(100_000);
  });
});

describe('a batch that can not be read', () => {
  const expectUnreadable = async (batch: Buffer, problem: RegExp, codec: string): Promise<void> => {
    const next = plainBatch(['next'], { firstOffset: 100 });
    const [first, second, ...rest] = await decode(batch, next);
    expect(first?.unreadable).toMatchObject({ codec, problem: expect.stringMatching(problem) as string });
    expect(first?.value?.equals(batch)).toBe(true);
    expect(String(second?.value)).toBe('next');
    expect(rest).toEqual([]);
  };

  test('is one message with its bytes, at its last offset, and the next batch is read', async () => {
    const batch = recordBatch(Buffer.from('not snappy at all'), 3, { firstOffset: 10, codec: 2 });
    await expectUnreadable(batch, /./, 'snappy');
    const [message] = await decode(batch);
    expect(message).toMatchObject({
      offset: '12',
      isControlRecord: false,
      unreadable: { codec: 'snappy', records: 3, firstOffset: '10', lastOffset: '12' },
    });
  });

  test('is one with any byte changed after its checksum', async () => {
    const all = ['librdkafka-snappy.bin', 'java-lz4.bin', 'java-zstd.bin', 'librdkafka-gzip.bin'].map(fixture);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...all),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (batch, place, change) => {
          const damaged = Buffer.from(batch);
          const index = Math.min(batch.length - 1, 17 + Math.floor(place * (batch.length - 17)));
          damaged.writeUInt8(damaged.readUInt8(index) ^ change, index);
          const messages = await decode(damaged, plainBatch(['next'], { firstOffset: 20 }));
          expect(messages.map(({ unreadable }) => unreadable?.problem)).toEqual([
            'the checksum does not match',
            undefined,
          ]);
          expect(Number(messages[0]?.offset)).toBeLessThan(20);
        },
      ),
    );
  });

  test('never leads past records of the next one, whatever its header states', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        async (lastOffsetDelta, records) => {
          const damaged = plainBatch(['a', 'b']);
          damaged.writeInt32BE(lastOffsetDelta, 23);
          damaged.writeInt32BE(records, 57);
          const [first, second] = await decode(damaged, plainBatch(['next'], { firstOffset: 2 }));
          if (first?.unreadable) expect(Number(first.offset)).toBeLessThan(2);
          expect(Number(first?.offset)).toBeGreaterThanOrEqual(0);
          expect([first, second].some((message) => String(message?.value) === 'next') || !first?.unreadable).toBe(true);
        },
      ),
    );
  });

  test.each([5, 6, 7])('is one of the unknown codec %i', async (codec) => {
    await expectUnreadable(plainBatch(['a'], { codec }), /codec is unknown/, `unknown (${codec})`);
  });

  test('is one that would be larger than the limit after decompression', async () => {
    const bomb = Buffer.alloc(maxBatchBytes + 1);
    for (const { codec, name, compress } of compressors) {
      await expectUnreadable(recordBatch(compress(bomb), 1, { codec }), /64 MiB/, name);
    }
    await expectUnreadable(recordBatch(zstdOfRepeatedBytes(513), 1, { codec: 4 }), /64 MiB/, 'zstd');
  });

  test('is one with other records than its header states', async () => {
    await expectUnreadable(plainBatch(['a', 'b'], { records: 3 }), /incomplete/, 'none');
    await expectUnreadable(plainBatch(['a', 'b'], { records: 1 }), /follow the last record/, 'none');
    await expectUnreadable(plainBatch(['a'], { records: 2 ** 31 - 1 }), /more than 250000 records/, 'none');
  });

  test('is one whose compressed bytes end too early', async () => {
    for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const body = fixture(`java-${name}.bin`).subarray(61);
      const codec = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 }[name];
      for (const share of [0, 0.1, 0.5, 0.99]) {
        const part = body.subarray(0, Math.floor(share * body.length));
        await expectUnreadable(recordBatch(part, 20, { codec }), /./, name);
      }
    }
  });

  test('is one of bytes that are of no codec', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.constantFrom(1, 2, 3, 4),
        async (bytes, codec) => {
          const messages = await decode(recordBatch(Buffer.from(bytes), 1, { codec }));
          expect(messages[0]?.unreadable).toBeDefined();
        },
      ),
    );
  });
});
