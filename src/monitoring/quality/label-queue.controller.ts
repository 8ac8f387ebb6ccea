import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles } from '../../access/roles.js';
import { limitSchema } from '../../http/cursor.js';
import { labelQueueSchema, LabelQueueQuery } from './label-queue.query.js';
import { stream } from '../monitor.schema.js';

const querySchema = z.object({ stream: stream.default('tickets'), limit: limitSchema(100, 20) });

/** Where labels and templates help most. */
@ApiTags('labels')
@Controller('api/v1/labels/queue')
export class LabelQueueController {
  constructor(private readonly queue: LabelQueueQuery) {}

  @Get()
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: labelQueueSchema })
  list(@Query({ schema: querySchema }) { stream: of, limit }: z.infer<typeof querySchema>) {
    return this.queue.queue(of, limit);
  }
}
