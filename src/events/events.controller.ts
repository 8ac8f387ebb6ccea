import { Controller, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Observable } from 'rxjs';
import { Roles } from '../access/roles.js';
import { EventsService } from './events.service.js';

@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  constructor(private readonly events: EventsService) {}

  /**
   * Server-sent events: `tickets` with the changed tickets; `reload` if any ticket may have changed; `templates` for changed
   * templates or flags; `models` if the serving version may have changed; `monitor` for a new decision or a changed alert;
   * `training-run` for its progress; `heartbeat` every 15 s.
   */
  @Sse()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  stream(): Observable<MessageEvent> {
    return this.events.stream();
  }
}
