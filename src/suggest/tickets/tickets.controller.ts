import { Body, Controller, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ProblemException } from '../../http/problem.js';
import { Roles, type Actor } from '../../access/roles.js';
import { choiceBodySchema, type ChoiceBody } from '../choices/choice-message.js';
import { ChoicesService } from '../choices/choices.service.js';
import { RankingExplanation } from './ranking-explanation.service.js';
import { ofModel } from '../ranking/rank.controller.js';
import { SimilarTicketsQuery } from './similar.query.js';
import * as answers from './ticket.schema.js';
import { TicketsQueryService } from './tickets.query.js';
import { found } from '../../http/found.js';

/** Tickets, what is suggested for them, and what agents chose. */
@ApiTags('tickets')
@Controller('api/v1/tickets')
export class TicketsController {
  constructor(
    private readonly tickets: TicketsQueryService,
    private readonly choices: ChoicesService,
    private readonly similarTickets: SimilarTicketsQuery,
    private readonly explanation: RankingExplanation,
  ) {}

  @Get()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.ticketPageSchema })
  list(@Query({ schema: answers.ticketsQuerySchema }) query: answers.TicketsQuery) {
    return this.tickets.list(query);
  }

  /** What the open tickets can be filtered by. */
  @Get('filters')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.ticketFiltersSchema })
  filters() {
    return this.tickets.filters();
  }

  @Get(':source/:ticketId')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.ticketSchema })
  async get(@Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath) {
    return found(await this.tickets.get(path), `there is no ticket ${path.ticketId} of ${path.source}`);
  }

  /** With `explain=true` each item has the words of the ticket that spoke for it. */
  @Get(':source/:ticketId/suggestion')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.suggestionSchema })
  async suggestion(
    @Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath,
    @Query({ schema: answers.suggestionQuerySchema }) query: answers.SuggestionQuery,
  ) {
    const from = query.explain === 'true' ? this.explanation : this.tickets;
    return found(
      await ofModel(from.suggestion(path, query.limit)),
      `ticket ${path.ticketId} of ${path.source} is not there or has not been ranked yet`,
    );
  }

  /** The answered tickets that are most like this one; with `template`, of those that were answered with it. */
  @Get(':source/:ticketId/similar')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.similarSchema })
  async similar(
    @Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath,
    @Query({ schema: answers.similarQuerySchema }) query: { limit: number; template?: string },
  ) {
    return found(
      await this.similarTickets.similar(path, query),
      `there is no ticket ${path.ticketId} of ${path.source}`,
    );
  }

  /** Idempotent on `choiceId`: 201 the first time, 200 when it is repeated. The ticket may come later. */
  @Post(':source/:ticketId/choices')
  @Roles('agent', 'lead')
  @ApiCreatedResponse({ standardSchema: answers.addedChoiceSchema })
  @ApiOkResponse({ standardSchema: answers.addedChoiceSchema })
  async choose(
    @Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath,
    @Body({ schema: choiceBodySchema }) body: ChoiceBody,
    @Req() request: { actor: Actor },
    @Res({ passthrough: true }) response: Response,
  ) {
    const agent = body.agent ?? request.actor.name;
    const occurredAt = body.occurredAt ?? new Date();
    const added = await this.choices.add({ ...path, ...body, agent, occurredAt, via: 'http' });
    if (added.kind === 'conflict') throw new ProblemException(HttpStatus.CONFLICT, added.detail);
    if (added.kind === 'repeated') response.status(HttpStatus.OK);
    return { choiceId: body.choiceId, result: added.kind };
  }
}
