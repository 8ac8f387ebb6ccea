/**
 * Bodies of the Open Inference Protocol: JSON, and tensors as bytes behind it (the binary tensor data extension of KServe and
 * Triton). https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
import { HttpStatus } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../../http/problem.js';
import { parseBody, type BodyDecoder } from '../../http/request-body.js';
import type { InferBody } from './inference-message.js';

/** Length of the JSON in front of the bytes */
export const headerLength = 'inference-header-content-length';

/** Triton's client sends no content type. A length of the JSON means bytes behind it, whatever the type says. */
export const inferenceBodies: BodyDecoder = {
  path: /^\/v2(\/|$)/i,
  accepts: ({ headers, method }) =>
    headers[headerLength] !== undefined ||
    (method === 'POST' && headers['content-type'] === undefined) ||
    isJson(headers),
  decode: (bytes, request) => decodeInference(bytes, lengthOf(request, bytes.length)),
};

const isJson = ({ 'content-type': type }: Request['headers']): boolean =>
  /^application\/json\s*(;|$)/i.test(type ?? '');

/** @throws ProblemException 400 */
function lengthOf({ headers }: Request, size: number): number | null {
  const text = headers[headerLength];
  if (text === undefined) return null;
  if (typeof text === 'string' && /^\d{1,12}$/.test(text) && Number(text) <= size) return Number(text);
  throw badRequest(
    `Inference-Header-Content-Length must be the length of the JSON, at most that of the body (${size})`,
  );
}

interface Tensor {
  name?: unknown;
  datatype?: unknown;
  parameters?: { binary_data_size?: unknown };
  data?: unknown;
}

/** @param length of the JSON; null: there is nothing else */
export function decodeInference(bytes: Buffer, length: number | null): unknown {
  const body = dropNulls(parseBody(bytes.subarray(0, length ?? bytes.length))) as { inputs?: unknown };
  if (!Array.isArray(body.inputs)) return body;
  let rest = bytes.subarray(length ?? bytes.length);
  const inputs = (body.inputs as Tensor[]).map((input) => {
    const size = (input as Tensor | undefined)?.parameters?.binary_data_size;
    if (size === undefined) return input;
    const name = String(input.name);
    if (length === null)
      throw badRequest(`input ${name} is binary: the header Inference-Header-Content-Length is missing`);
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > rest.length) {
      throw badRequest(
        `input ${name}: binary_data_size must be a number of bytes, at most those that follow (${rest.length})`,
      );
    }
    const own = rest.subarray(0, size);
    rest = rest.subarray(size);
    // Another datatype is rejected by the schema.
    return { ...input, data: input.datatype === 'BYTES' ? decodeStrings(own, name) : [] };
  });
  if (rest.length > 0) throw badRequest(`${rest.length} bytes follow the last binary input`);
  return { ...body, inputs };
}

/** Members that are null are as if absent; values of tensors stay. */
function dropNulls(value: unknown, depth = 4): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => dropNulls(item, depth - 1));
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, name === 'data' ? inner : dropNulls(inner, depth - 1)]),
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Each string is its length in 4 bytes, little-endian, and its bytes. */
function decodeStrings(bytes: Buffer, name: string): string[] {
  const strings: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    const end = start > bytes.length ? Infinity : start + bytes.readUInt32LE(at);
    if (end > bytes.length) throw badRequest(`input ${name}: string ${strings.length} is longer than the tensor`);
    try {
      strings.push(utf8.decode(bytes.subarray(start, end)));
    } catch {
      throw badRequest(`input ${name}: string ${strings.length} is not UTF-8`);
    }
    at = end;
  }
  return strings;
}

interface OutputTensor {
  name: string;
  datatype: string;
  data: readonly (string | number | boolean)[];
}

/** @returns the body with the tensors that were requested as bytes behind its JSON; null where none were */
export function encodeInference(
  { outputs: requested = [], parameters }: InferBody,
  answer: { outputs: readonly OutputTensor[] },
): { bytes: Buffer; jsonLength: number } | null {
  const isBinary = (name: string): boolean =>
    (requested.find((output) => output.name === name)?.parameters?.binary_data ?? parameters?.binary_data_output) ===
    true;
  if (!answer.outputs.some(({ name }) => isBinary(name))) return null;
  const tensors: Buffer[] = [];
  const outputs = answer.outputs.map(({ data, ...output }) => {
    if (!isBinary(output.name)) return { ...output, data };
    const bytes = encodeTensor(output.datatype, data);
    tensors.push(bytes);
    return { ...output, parameters: { binary_data_size: bytes.length } };
  });
  const json = Buffer.from(JSON.stringify({ ...answer, outputs }));
  return { bytes: Buffer.concat([json, ...tensors]), jsonLength: json.length };
}

function encodeTensor(datatype: string, data: OutputTensor['data']): Buffer {
  if (datatype === 'BOOL') return Buffer.from(data.map(Number));
  if (datatype === 'FP32') {
    const bytes = Buffer.alloc(4 * data.length);
    data.forEach((value, index) => bytes.writeFloatLE(Number(value), 4 * index));
    return bytes;
  }
  return Buffer.concat(
    data.flatMap((value) => {
      const text = Buffer.from(String(value));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}

const badRequest = (detail: string): ProblemException => new ProblemException(HttpStatus.BAD_REQUEST, detail);
