/** Errors of the model process as HTTP problems. */
import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../../http/problem.js';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';

const busyRetrySeconds = 1;
const unavailableRetrySeconds = 5;

/** @throws ProblemException 503 with Retry-After if the model is busy or unavailable */
export async function orServiceUnavailable<T>(ranking: Promise<T>): Promise<T> {
  try {
    return await ranking;
  } catch (error) {
    if (!(error instanceof ModelBusy || error instanceof ModelUnavailable)) throw error;
    const seconds = error instanceof ModelBusy ? busyRetrySeconds : unavailableRetrySeconds;
    throw new ProblemException(HttpStatus.SERVICE_UNAVAILABLE, error.message, undefined, {
      'Retry-After': String(seconds),
    });
  }
}
