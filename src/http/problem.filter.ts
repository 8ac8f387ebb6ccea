import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { STATUS_CODES } from 'node:http';
import { methodNotAllowed } from './other-methods.js';
import { ProblemException, type FieldError, type Problem } from './problem.js';

interface SchemaIssue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
}

/** Validation errors by field */
export function validationProblem(issues: readonly SchemaIssue[]): ProblemException {
  const errors: FieldError[] = issues.map(({ message, path }) => ({
    field: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || 'body',
    message,
  }));
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new ProblemException(HttpStatus.UNPROCESSABLE_ENTITY, detail, errors);
}

/** Sends every error as problem details. An unexpected error is logged with its stack and sent with its request id only. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const hasRoute = Boolean(request.route);
    const error = thrown instanceof NotFoundException && !hasRoute ? (methodNotAllowed(request) ?? thrown) : thrown;
    const status = errorStatus(error);
    if (status >= 500 && !(error instanceof HttpException)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.logger.error({ requestId: request.id, method: request.method, path: request.path, stack });
    }
    if (response.headersSent) {
      response.end();
      return;
    }
    const detail = errorDetail(error, status);
    const problem: Problem = {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail,
      ...(request.id && { requestId: request.id }),
      ...(/^\/v2(\/|$)/.test(request.path) && { error: detail }),
      ...(error instanceof ProblemException && error.errors && { errors: error.errors }),
    };
    if (error instanceof ProblemException) response.set(error.headers);
    response.status(status).type('application/problem+json').send(JSON.stringify(problem));
  }
}

/** Express's own errors of a request body have a status, but are no HttpException. */
function errorStatus(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function errorDetail(error: unknown, status: number): string {
  if (status >= 500 && !(error instanceof HttpException))
    return 'internal error: see the log entry with this request id';
  return error instanceof Error ? error.message : String(error);
}
