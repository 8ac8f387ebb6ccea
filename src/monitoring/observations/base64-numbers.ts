/** Arrays of numbers as they are stored. */

export const encodeBase64 = (values: Float64Array | Float32Array | Int16Array | Uint8Array | Uint32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

export function decodeBase64(text: string): ArrayBuffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}
