import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { DataSource, LessThan } from 'typeorm';
import { z } from 'zod';
import { date } from '../http/date-schema.js';
import { AuditEntry } from '../records/access/audit-entry.entity.js';
import { Roles } from './roles.js';
import { storedText } from '../http/text-schemas.js';

const entrySchema = z
  .object({
    id: z.number().int(),
    at: date,
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    detail: z.looseObject({}),
  })
  .meta({ id: 'AuditEntry' });
const pageOfEntries = z
  .object({ items: z.array(entrySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditLogPage' });
const querySchema = z.object({
  actor: storedText().max(200).optional(),
  action: storedText().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
});

/** The audit log, for admins */
@ApiTags('audit-log')
@Controller('api/v1/audit-log')
export class AuditLogController {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. */
  @Get()
  @Roles('admin')
  @ApiOkResponse({ standardSchema: pageOfEntries })
  async list(@Query({ schema: querySchema }) { actor, action, limit, cursor }: z.infer<typeof querySchema>) {
    const rows = await this.dataSource.getRepository(AuditEntry).find({
      where: { ...(actor && { actor }), ...(action && { action }), ...(cursor && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
  }
}
