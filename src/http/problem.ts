import { HttpException, type HttpStatus } from '@nestjs/common';
import { z } from 'zod';

/** Problem details (RFC 9457) */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    requestId: z.string().optional(),
    /** Under /v2 only, where the Open Inference Protocol has the message */
    error: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

export interface FieldError {
  field: string;
  message: string;
}

/** An expected error of a request, with the invalid fields if any */
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
