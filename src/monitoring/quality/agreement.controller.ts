import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles } from '../../access/roles.js';
import { agreementSchema, AgreementQuery } from './agreement.query.js';
import { stream } from '../monitor.schema.js';

const querySchema = z.object({ stream: stream.default('tickets') });

/** Inter-agent agreement. It names no agent. */
@ApiTags('labels')
@Controller('api/v1/labels/agreement')
export class AgreementController {
  constructor(private readonly agreements: AgreementQuery) {}

  @Get()
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: agreementSchema })
  agreement(@Query({ schema: querySchema }) { stream: of }: z.infer<typeof querySchema>) {
    return this.agreements.agreement(of);
  }
}
