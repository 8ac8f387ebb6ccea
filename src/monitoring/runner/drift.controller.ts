import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles } from '../../access/roles.js';
import { storedText } from '../../http/text-schemas.js';
import { driftSchema, DriftQuery } from './drift.query.js';
import { stream } from '../monitor.schema.js';

const maxSeries = 50;
const names = storedText()
  .transform((list) => list.split(',').filter(Boolean).slice(0, maxSeries))
  .default([]);
const querySchema = z.object({
  stream: stream.default('tickets'),
  /** Signals to return over time, comma-separated */
  series: names,
  days: z.coerce.number().int().min(1).max(366).default(28),
});

/** The signals now. */
@ApiTags('drift')
@Controller('api/v1/drift')
export class DriftController {
  constructor(private readonly signals: DriftQuery) {}

  @Get()
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: driftSchema })
  drift(@Query({ schema: querySchema }) query: z.infer<typeof querySchema>) {
    return this.signals.drift(query);
  }
}
