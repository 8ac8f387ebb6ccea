import { Body, Controller, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ProblemException } from '../../http/problem.js';
import { Roles, type Actor } from '../../access/roles.js';
import { choiceBodySchema, type ChoiceBody } from '../choices/choice-message.js';
import { ChoicesService } from '../choices/choices.service.js';
import { RankingExplanation } from './ranking-explanation.service.js';
import { orServiceUnavailable } from '../ranking/model-unavailable.js';
import { SimilarTicketsQuery } from './similar.query.js';
import * as answers from './ticket.schema.js';
import { TicketsQueryService } from './tickets.query.js';
import { found } from '../../http/found.js';

/** Tickets, their suggestions and agents' choices. */
@ApiTags('tickets')
@Controller('api/v1/tickets')
export class TicketsController {
  constructor(
    private readonly tickets: TicketsQueryService,
    private readonly choices: ChoicesService,
    private readonly similarTickets: SimilarTicketsQuery,
    private readonly explanation: RankingExplanation,
  ) {}

  /** Lists tickets, each with its first suggested template. */
  @Get()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.ticketPageSchema })
  list(@Query({ schema: answers.ticketsQuerySchema }) query: answers.TicketsQuery) {
    return this.tickets.list(query);
  }

  /** Lists the filter values of the open tickets. */
  @Get('filters')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.ticketFiltersSchema })
  filters() {
    return this.tickets.filters();
  }

  /** Gets a ticket. */
  @Get(':source/:ticketId')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.ticketSchema })
  async get(@Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath) {
    return found(await this.tickets.get(path), `ticket ${path.ticketId} of ${path.source} does not exist`);
  }

  /** Gets the newest suggestion. With `explain=true` each item has the ticket's words that support it. */
  @Get(':source/:ticketId/suggestion')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.suggestionSchema })
  async suggestion(
    @Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath,
    @Query({ schema: answers.suggestionQuerySchema }) query: answers.SuggestionQuery,
  ) {
    const source = query.explain === 'true' ? this.explanation : this.tickets;
    return found(
      await orServiceUnavailable(source.suggestion(path, query.limit)),
      `ticket ${path.ticketId} of ${path.source} does not exist or has not been ranked yet`,
    );
  }

  /** Lists similar answered tickets; with `template`, only those that were answered with it. */
  @Get(':source/:ticketId/similar')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: answers.similarSchema })
  async similar(
    @Param({ schema: answers.ticketPathSchema }) path: answers.TicketPath,
    @Query({ schema: answers.similarQuerySchema }) query: { limit: number; template?: string },
  ) {
    return found(
      await this.similarTickets.similar(path, query),
      `ticket ${path.ticketId} of ${path.source} does not exist`,
    );
  }

  /** Adds a choice. Idempotent on `choiceId`: 201 the first time, 200 if repeated. The ticket may arrive later. */
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
