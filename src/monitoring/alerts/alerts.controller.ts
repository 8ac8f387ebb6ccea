import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Roles, type Actor } from '../../access/roles.js';
import { AlertsService } from './alerts.service.js';
import * as answers from '../monitor.schema.js';
import {
  alertDetailSchema,
  alertPageSchema,
  alertsQuerySchema,
  closeSchema,
  snoozeSchema,
  type AlertsQuery,
} from './alerts.schema.js';

interface Call {
  actor: Actor;
}

interface IdPath {
  id: number;
}

/** Alerts of the monitor, one for each cause. */
@ApiTags('alerts')
@Controller('api/v1/alerts')
export class AlertsController {
  constructor(private readonly alerts: AlertsService) {}

  @Get()
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: alertPageSchema })
  list(@Query({ schema: alertsQuerySchema }) query: AlertsQuery) {
    return this.alerts.list(query);
  }

  @Get(':id')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: alertDetailSchema })
  get(@Param({ schema: answers.idPathSchema }) { id }: IdPath) {
    return this.alerts.get(id);
  }

  @Post(':id/acknowledge')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: alertDetailSchema })
  acknowledge(@Param({ schema: answers.idPathSchema }) { id }: IdPath, @Req() { actor }: Call) {
    return this.alerts.apply(id, { kind: 'acknowledge', at: new Date(), actor: actor.name });
  }

  @Post(':id/snooze')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: alertDetailSchema })
  snooze(
    @Param({ schema: answers.idPathSchema }) { id }: IdPath,
    @Body({ schema: snoozeSchema }) { reason, until }: z.infer<typeof snoozeSchema>,
    @Req() { actor }: Call,
  ) {
    const transition = { kind: 'snooze', at: new Date(), actor: actor.name, reason, until: new Date(until) } as const;
    return this.alerts.apply(id, transition);
  }

  @Post(':id/close')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: alertDetailSchema })
  close(
    @Param({ schema: answers.idPathSchema }) { id }: IdPath,
    @Body({ schema: closeSchema }) { reason }: z.infer<typeof closeSchema>,
    @Req() { actor }: Call,
  ) {
    return this.alerts.apply(id, { kind: 'close', at: new Date(), actor: actor.name, reason });
  }
}
