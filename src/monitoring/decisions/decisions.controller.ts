import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Roles, type Actor } from '../../access/roles.js';
import { DecisionsService } from './decisions.service.js';
import * as answers from '../monitor.schema.js';
import {
  decisionRequestSchema,
  decisionPageSchema,
  decisionSchema,
  decisionsQuerySchema,
  reweightingSchema,
  type DecisionsQuery,
} from './decisions.schema.js';

interface Call {
  actor: Actor;
}

/** Every decision of the monitor, including "no action". */
@ApiTags('retrain-decisions')
@Controller('api/v1/retrain-decisions')
export class DecisionsController {
  constructor(private readonly decisions: DecisionsService) {}

  @Get()
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: decisionPageSchema })
  list(@Query({ schema: decisionsQuerySchema }) query: DecisionsQuery) {
    return this.decisions.list(query);
  }

  /** Requests a decision now. */
  @Post()
  @Roles('ml')
  @ApiCreatedResponse({ standardSchema: decisionSchema })
  request(
    @Body({ schema: decisionRequestSchema }) { request }: z.infer<typeof decisionRequestSchema>,
    @Req() { actor }: Call,
  ) {
    return this.decisions.request(request, actor.name);
  }

  @Get(':id')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: decisionSchema })
  get(@Param({ schema: answers.idPathSchema }) { id }: { id: number }) {
    return this.decisions.get(id);
  }

  /** Reverts the class weights of the decision; open tickets are ranked again. */
  @Post(':id/revert')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: reweightingSchema })
  revert(@Param({ schema: answers.idPathSchema }) { id }: { id: number }, @Req() { actor }: Call) {
    return this.decisions.revert(id, actor.name);
  }
}
