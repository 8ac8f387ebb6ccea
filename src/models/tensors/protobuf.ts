/**
 * Writes protocol buffers: as much of the format as a SavedModel needs.
 * https://protobuf.dev/programming-guides/encoding/
 */

/** A field's bytes, ready to be put beside others. */
export type Encoded = Buffer;

function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const tag = (field: number, wireType: number): Buffer => varint((field << 3) | wireType);

/** int32, int64, bool or enum */
export const int = (field: number, value: number | boolean): Encoded =>
  Buffer.concat([tag(field, 0), varint(Number(value))]);

/** string, bytes or an embedded message */
export function block(field: number, value: string | Uint8Array): Encoded {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([tag(field, 2), varint(bytes.length), bytes]);
}

/** An embedded message of these fields. */
export const message = (field: number, ...fields: Encoded[]): Encoded => block(field, Buffer.concat(fields));

/** One entry of a map<string, …>, whose value is a message of these fields. */
export const entry = (field: number, key: string, ...fields: Encoded[]): Encoded =>
  message(field, block(1, key), message(2, ...fields));
