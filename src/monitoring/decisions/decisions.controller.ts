import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Roles, type Actor } from '../../access/roles.js';
import { DecisionsService } from './decisions.service.js';
import * as answers from '../monitor.schema.js';
import {
  askSchema,
  decisionPageSchema,
  decisionSchema,
  decisionsQuerySchema,
  reweightingSchema,
  type DecisionsQuery,
} from './decisions.schema.js';

interface Call {
  actor: Actor;
}

/** What was decided after each look, also that nothing is to be done. */
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

  /** Asks for a decision now. */
  @Post()
  @Roles('ml')
  @ApiCreatedResponse({ standardSchema: decisionSchema })
  ask(@Body({ schema: askSchema }) { ask }: z.infer<typeof askSchema>, @Req() { actor }: Call) {
    return this.decisions.ask(ask, actor.name);
  }

  @Get(':id')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: decisionSchema })
  get(@Param({ schema: answers.idPathSchema }) { id }: { id: number }) {
    return this.decisions.get(id);
  }

  /** Takes the class weights that the decision put into service back; the open tickets are ranked again. */
  @Post(':id/revert')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: reweightingSchema })
  revert(@Param({ schema: answers.idPathSchema }) { id }: { id: number }, @Req() { actor }: Call) {
    return this.decisions.revert(id, actor.name);
  }
}
