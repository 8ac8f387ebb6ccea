import { Body, Controller, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { ProblemException } from '../../http/problem.js';
import { Roles, type Actor } from '../../access/roles.js';
import { flagReasons } from '../../records/tickets/flag.entity.js';
import { FlagsService, type NewFlag } from './flags.service.js';
import { limitSchema } from '../../http/cursor.js';
import { identifier, storedText } from '../../http/text-schemas.js';
import { ticketPathSchema, type TicketPath } from '../tickets/ticket.schema.js';

const flagBodySchema = z
  .object({
    flagId: identifier(),
    templateId: identifier(),
    reason: z.enum(flagReasons),
    note: storedText().trim().max(500).nullish().describe('Visible to template editors; stored redacted'),
  })
  .meta({ id: 'FlagBody' }) satisfies z.ZodType<NewFlag>;
const addedFlagSchema = z
  .object({ flagId: z.string(), result: z.enum(['added', 'repeated']) })
  .meta({ id: 'AddedFlag' });
const reviewSchema = z
  .object({
    items: z.array(
      z.object({
        templateId: z.string(),
        title: z.string(),
        flags: z.int(),
        reasons: z.record(z.string(), z.int()).describe('Flags by reason'),
        lastFlaggedAt: date,
      }),
    ),
  })
  .meta({ id: 'TemplatesToReview' });
const reviewQuerySchema = z.object({ limit: limitSchema(500, 100) });

/** Agents' flags on templates, and the templates that need a review because of them. */
@ApiTags('flags')
@Controller('api/v1')
export class FlagsController {
  constructor(private readonly flags: FlagsService) {}

  /** Flags a template. Idempotent on `flagId`: 201 the first time, 200 if repeated. */
  @Post('tickets/:source/:ticketId/flags')
  @Roles('agent', 'lead')
  @ApiCreatedResponse({ standardSchema: addedFlagSchema })
  @ApiOkResponse({ standardSchema: addedFlagSchema })
  async flag(
    @Param({ schema: ticketPathSchema }) path: TicketPath,
    @Body({ schema: flagBodySchema }) body: NewFlag,
    @Req() { actor }: { actor: Actor },
    @Res({ passthrough: true }) response: Response,
  ) {
    const result = await this.flags.add(path, body, actor.name);
    if (result === 'no-ticket') {
      throw new ProblemException(HttpStatus.NOT_FOUND, `ticket ${path.ticketId} of ${path.source} does not exist`);
    }
    if (result === 'no-template') {
      const detail = `template ${body.templateId} does not exist`;
      throw new ProblemException(HttpStatus.UNPROCESSABLE_ENTITY, detail, [{ field: 'templateId', message: detail }]);
    }
    if (result === 'conflict') {
      throw new ProblemException(
        HttpStatus.CONFLICT,
        `flagId ${body.flagId} is already used by another flag of this ticket`,
      );
    }
    if (result === 'repeated') response.status(HttpStatus.OK);
    return { flagId: body.flagId, result };
  }

  /** Lists active templates that were flagged since their last change, most flags first. */
  @Get('flags')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: reviewSchema })
  async listFlaggedTemplates(@Query({ schema: reviewQuerySchema }) { limit }: z.infer<typeof reviewQuerySchema>) {
    return { items: await this.flags.listFlaggedTemplates(limit) };
  }
}
