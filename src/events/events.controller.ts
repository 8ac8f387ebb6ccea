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
   * `tickets` with the tickets that changed, `reload` where that is unknown or a template's change concerns them all,
   * `templates` where a template or its flags changed, `models` where another version may rank, `monitor` where it has decided or an alert has changed, `training-run` where one has got further, `heartbeat` every 15 s.
   */
  @Sse()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  stream(): Observable<MessageEvent> {
    return this.events.stream();
  }
}
