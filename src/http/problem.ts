import { HttpException, type HttpStatus } from '@nestjs/common';
import { z } from 'zod';

/** An error as RFC 9457 has it. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    requestId: z.string().optional(),
    /** Under /v2 only: where the clients of the Open Inference Protocol look for the message. */
    error: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

export interface FieldError {
  field: string;
  message: string;
}

/** An expected error of a request: what was wrong, and with which field. */
export class ProblemException extends HttpException {
  constructor(
    status: HttpStatus,
    detail: string,
    readonly errors?: FieldError[],
    readonly headers: Record<string, string> = {},
  ) {
    super(detail, status);
  }
}
