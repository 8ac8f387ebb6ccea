import { HttpStatus } from '@nestjs/common';
import { ProblemException } from './problem.js';

/** @throws ProblemException 404 */
export function found<T>(value: T | null, otherwise: string): T {
  if (value === null) throw new ProblemException(HttpStatus.NOT_FOUND, otherwise);
  return value;
}
