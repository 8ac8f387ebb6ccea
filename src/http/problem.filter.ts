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
import { otherMethods } from './other-methods.js';
import { ProblemException, type FieldError, type Problem } from './problem.js';

interface SchemaIssue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
}

/** What a schema refused, field by field. */
export function validationProblem(issues: readonly SchemaIssue[]): ProblemException {
  const errors: FieldError[] = issues.map(({ message, path }) => ({
    field: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || 'body',
    message,
  }));
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new ProblemException(HttpStatus.UNPROCESSABLE_ENTITY, detail, errors);
}

/** Every error as a problem document. What nobody foresaw says nothing but its request id, and is logged with its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const hasRoute = Boolean(request.route);
    const error = thrown instanceof NotFoundException && !hasRoute ? (otherMethods(request) ?? thrown) : thrown;
    const status = statusOf(error);
    if (status >= 500 && !(error instanceof HttpException)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.logger.error({ requestId: request.id, method: request.method, path: request.path, stack });
    }
    if (response.headersSent) {
      response.end();
      return;
    }
    const detail = detailOf(error, status);
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

/** Express' own body errors carry a status, but are no HttpException. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function detailOf(error: unknown, status: number): string {
  if (status >= 500 && !(error instanceof HttpException))
    return 'something went wrong here; the log has it under the request id';
  return error instanceof Error ? error.message : String(error);
}
