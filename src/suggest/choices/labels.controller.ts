import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { Roles } from '../../access/roles.js';
import { provenances } from '../../records/tickets/label.entity.js';
import {
  cursorSchema,
  limitSchema,
  toMicroseconds,
  timestampAndId,
  fromMicroseconds,
  page,
  pageSchema,
} from '../../http/cursor.js';
import { suspectedLabelsSchema, SuspectedLabelsQuery } from './suspected-labels.query.js';

const labelSchema = z
  .object({
    source: z.string(),
    ticketId: z.string(),
    templateId: z.string().nullable(),
    provenance: z.enum(provenances),
    position: z.number().int().nullable(),
    shownProbability: z.number().nullable(),
    labelledAt: date,
  })
  .meta({ id: 'Label' });
type LabelRow = z.infer<typeof labelSchema> & { ticket: number; at: number };

const querySchema = z.object({
  provenance: z.enum(provenances).optional(),
  limit: limitSchema(500, 100),
  cursor: cursorSchema(timestampAndId),
});

/** Training labels. Provenance reveals audit tickets, so agents have no access. */
@ApiTags('labels')
@Controller('api/v1/labels')
export class LabelsController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly suspectedLabels: SuspectedLabelsQuery,
  ) {}

  /** Lists suspected label errors: out-of-fold predictions of the champion's training that confidently disagree. */
  @Get('suspected')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: suspectedLabelsSchema })
  suspected() {
    return this.suspectedLabels.suspected();
  }

  /** Lists labels, newest first. */
  @Get()
  @Roles('ml')
  @ApiOkResponse({ standardSchema: pageSchema(labelSchema).meta({ id: 'LabelPage' }) })
  async list(@Query({ schema: querySchema }) query: z.infer<typeof querySchema>) {
    const rows: LabelRow[] = await this.dataSource.query(
      `SELECT l.ticket, t.source, t.ticket_id AS "ticketId", l.template_id AS "templateId", l.provenance, l.position,
              l.shown_probability AS "shownProbability", l.labelled_at AS "labelledAt", ${toMicroseconds('l.labelled_at')} AS at
         FROM labels l JOIN tickets t ON t.id = l.ticket
        WHERE ($1::text IS NULL OR l.provenance = $1)
          AND ($2::bigint IS NULL OR (l.labelled_at, l.ticket) < (${fromMicroseconds('$2')}, $3::bigint))
        ORDER BY l.labelled_at DESC, l.ticket DESC LIMIT $4`,
      [query.provenance ?? null, query.cursor?.[0] ?? null, query.cursor?.[1] ?? null, query.limit + 1],
    );
    const { items, nextCursor } = page(rows, query.limit, (last) => [last.at, last.ticket]);
    return { items: items.map(({ ticket, at, ...label }) => label), nextCursor };
  }
}
