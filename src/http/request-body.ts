/** The bodies of requests: JSON in UTF-8, read without changing bytes or digits. */
import { HttpStatus } from '@nestjs/common';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { JsonError, findLargeNumber, parseJson } from '../json/parse-json.js';
import { ProblemException } from './problem.js';
import { validationProblem } from './problem.filter.js';

/** Accepted content types of a body */
const bodyTypes = ['json', '+json'];

/** A protocol with bodies of its own. */
export interface BodyDecoder {
  path: RegExp;
  /** Whether it reads this request's content type */
  accepts: (request: Request) => boolean;
  /** @throws ProblemException */
  decode: (bytes: Buffer, request: Request) => unknown;
}

/** Reads every body into `request.body`; others than JSON are rejected, because they would be ignored. */
export function readBodies(maxBytes: number, decoders: readonly BodyDecoder[]): RequestHandler[] {
  const decoderOf = (request: Request): BodyDecoder | undefined =>
    decoders.find(({ path, accepts }) => path.test(request.path) && accepts(request));
  const rejectOtherTypes = (request: Request, _response: Response, next: NextFunction): void => {
    const isEmpty = request.headers['content-length'] === '0';
    if (isEmpty || decoderOf(request) || (request.is(bodyTypes) !== false && isUtf8(request))) next();
    else next(new ProblemException(HttpStatus.UNSUPPORTED_MEDIA_TYPE, 'the body must be JSON (application/json)'));
  };
  const decode = (request: Request, _response: Response, next: NextFunction): void => {
    if (Buffer.isBuffer(request.body)) {
      const bytes: Buffer = request.body;
      request.body = decoderOf(request)?.decode(bytes, request) ?? parseBody(bytes);
    }
    next();
  };
  return [rejectOtherTypes, express.raw({ limit: maxBytes, type: () => true }), decode];
}

const isUtf8 = (request: Request): boolean => {
  const [, charset = 'utf-8'] = /charset\s*=\s*"?([\w-]+)/i.exec(request.headers['content-type'] ?? '') ?? [];
  return /^utf-?8$/i.test(charset);
};

/**
 * @returns the object or list of a JSON text; of an empty body an empty object
 * @throws ProblemException 400 where it is not JSON, 422 with the member whose number loses digits
 */
export function parseBody(bytes: Buffer): object {
  if (bytes.length === 0) return {};
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ProblemException(HttpStatus.BAD_REQUEST, `the body is not JSON: ${error.message}`);
  }
  const path = findLargeNumber(text);
  if (path !== null) {
    throw validationProblem([{ path, message: 'is a number beyond 2^53, which loses digits; send it as a string' }]);
  }
  if (typeof value !== 'object' || value === null) {
    throw new ProblemException(HttpStatus.BAD_REQUEST, 'the body must be a JSON object');
  }
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ProblemException(HttpStatus.BAD_REQUEST, 'the body is not UTF-8');
  }
}
