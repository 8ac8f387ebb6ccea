import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles } from '../../access/roles.js';
import { stream } from '../monitor.schema.js';
import { qualitySchema, QualityQuery } from './quality.query.js';

const querySchema = z.object({
  stream: stream.default('tickets'),
  days: z.coerce.number().int().min(1).max(366).default(28),
});

/** How good the suggestions are. */
@ApiTags('quality')
@Controller('api/v1/metrics')
export class QualityController {
  constructor(private readonly measured: QualityQuery) {}

  @Get('quality')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: qualitySchema })
  quality(@Query({ schema: querySchema }) { stream: of, days }: z.infer<typeof querySchema>) {
    return this.measured.quality(of, days, new Date());
  }
}
