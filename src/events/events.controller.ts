import { Controller, Req, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { AccessGuard } from '../access/access.guard.js';
import { Roles, type Actor } from '../access/roles.js';
import { EventsService } from './events.service.js';

@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly guard: AccessGuard,
  ) {}

  /**
   * Server-sent events: `tickets` with the changed tickets; `reload` if any ticket may have changed; `templates` for changed
   * templates or flags; `models` if the serving version may have changed; `monitor` for a new decision or a changed alert;
   * `training-run` for its progress; `heartbeat` every 15 s. The stream ends when its token is revoked or its session ends. A token or
   * user has at most 50 streams; another one gets 429.
   */
  @Sse()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  stream(@Req() request: Request & { actor: Actor }): Observable<MessageEvent> {
    return this.events.stream(request.actor.name, () => this.guard.isAuthenticated(request));
  }
}
