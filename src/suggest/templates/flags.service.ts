import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { recordAudit } from '../../access/audit-log.js';
import type { Flag, FlagReason } from '../../records/tickets/flag.entity.js';
import { redactionHints, redact } from '../../redaction/redaction.js';
import type { TicketPath } from '../tickets/ticket.schema.js';
import { notifyTemplates } from '../../events/change-events.js';

export type NewFlag = Pick<Flag, 'flagId' | 'templateId' | 'reason'> & { note?: string | null | undefined };

export interface FlaggedTemplate {
  templateId: string;
  title: string;
  flags: number;
  reasons: Partial<Record<FlagReason, number>>;
  lastFlaggedAt: Date;
}

@Injectable()
export class FlagsService {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  add(
    { source, ticketId }: TicketPath,
    { flagId, templateId, reason, note }: NewFlag,
    agent: string,
  ): Promise<'added' | 'repeated' | 'conflict' | 'no-ticket' | 'no-template'> {
    return this.dataSource.transaction(async (manager) => {
      const [ticket]: { id: number; language: string | null; fields: object }[] = await manager.query(
        'SELECT id, language, fields FROM tickets WHERE source = $1 AND ticket_id = $2 FOR KEY SHARE',
        [source, ticketId],
      );
      if (!ticket) return 'no-ticket';
      const known: unknown[] = await manager.query('SELECT 1 FROM templates WHERE id = $1', [templateId]);
      if (known.length === 0) return 'no-template';
      const redactedNote = note ? redact(note, redactionHints(ticket), this.config.REDACT) : null;
      const added: unknown[] = await manager.query(
        `INSERT INTO flags (ticket, flag_id, template_id, reason, note, agent) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (ticket, flag_id) DO NOTHING RETURNING id`,
        [ticket.id, flagId, templateId, reason, redactedNote, agent],
      );
      if (added.length > 0) {
        await notifyTemplates(manager);
        await recordAudit(manager, { actor: agent, action: 'template.flag', target: templateId, detail: { reason } });
        return 'added';
      }
      const same: unknown[] = await manager.query(
        `SELECT 1 FROM flags WHERE ticket = $1 AND flag_id = $2 AND template_id = $3 AND reason = $4
            AND note IS NOT DISTINCT FROM $5`,
        [ticket.id, flagId, templateId, reason, redactedNote],
      );
      return same.length > 0 ? 'repeated' : 'conflict';
    });
  }

  /** A change of a template resolves its earlier flags: they concern another text. */
  listFlaggedTemplates(limit: number): Promise<FlaggedTemplate[]> {
    return this.dataSource.query(
      `SELECT "templateId", title, sum(n)::int AS flags, jsonb_object_agg(reason, n) AS reasons, max(last) AS "lastFlaggedAt"
         FROM (SELECT p.id AS "templateId", p.title, f.reason, count(*)::int AS n, max(f.created_at) AS last
                 FROM flags f JOIN templates p ON p.id = f.template_id
                WHERE p.state = 'allowed' AND f.created_at > p.updated_at
                GROUP BY p.id, p.title, f.reason) AS by_reason
        GROUP BY "templateId", title ORDER BY flags DESC, "lastFlaggedAt" DESC, "templateId" LIMIT $1`,
      [limit],
    );
  }
}
