import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { seeded } from '../../statistics/random.js';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import { measureAgentAgreement, type GivenChoice } from './agreement.js';
import { estimateSchema, stream } from '../monitor.schema.js';

const agreementFigures = {
  texts: z.number().int().describe('Texts that at least two agents have answered'),
  answers: z.number().int().describe('Answers to them, one an agent and text'),
  share: estimateSchema.nullable().describe('Share of pairs of answers to one text that are the same, 0–1'),
  alpha: estimateSchema.nullable().describe("Krippendorff's α"),
};
const exampleSchema = z.object({
  source: z.string(),
  ticketId: z.string(),
  subject: z.string(),
  preview: z.string(),
  templateId: z.string().nullable(),
});
export const agreementSchema = z
  .object({
    stream,
    ...agreementFigures,
    /** The least agreed on first */
    contactTypes: z.array(z.object({ contactType: z.string(), ...agreementFigures })),
    /** Templates that were given for the same text; null where one agent said that none fits. The most frequent first */
    pairs: z.array(
      z.object({
        templates: z.array(z.object({ templateId: z.string().nullable(), title: z.string().nullable() })),
        texts: z.number().int(),
        examples: z.array(z.array(exampleSchema)),
      }),
    ),
  })
  .meta({ id: 'AgentAgreement' });
type AgreementAnswer = z.infer<typeof agreementSchema>;

const maxChoices = 100_000;
const previewLength = 200;

/**
 * Inter-agent agreement on near-duplicate tickets, which are found by the monitor's fingerprints. Tickets without words are left out; a
 * merged template counts as the one that it was merged into.
 */
@Injectable()
export class AgreementQuery {
  constructor(private readonly dataSource: DataSource) {}

  async agreement(of: Stream): Promise<AgreementAnswer> {
    const { contactTypes, pairs, ...all } = measureAgentAgreement(await this.choices(of), seeded(1));
    const tickets = await this.tickets(pairs.flatMap(({ examples }) => examples.flat()));
    const titles = await this.titles(pairs.flatMap(({ templates }) => templates.filter((id) => id !== null)));
    return {
      stream: of,
      ...all,
      contactTypes,
      pairs: pairs.map(({ templates, texts, examples }) => ({
        templates: templates.map((templateId) => ({ templateId, title: titles.get(templateId ?? '') ?? null })),
        texts,
        examples: examples.map((both) =>
          both.flatMap((ticket, side) => {
            const shown = tickets.get(ticket);
            return shown ? [{ ...shown, templateId: templates[side] ?? null }] : [];
          }),
        ),
      })),
    };
  }

  private choices(of: Stream): Promise<GivenChoice[]> {
    return this.dataSource.query(
      `WITH recent AS MATERIALIZED (SELECT * FROM choices ORDER BY id DESC LIMIT ${maxChoices}),
            given AS MATERIALIZED (
              SELECT t.id AS ticket, split_part(o.fingerprint, '~', 1) AS text, coalesce(t.contact_type, s.contact_type) AS "contactType", c.agent,
                     c.choice_id AS "choiceId", c.occurred_at AS "occurredAt", c.outcome,
                     coalesce(h.heir, c.template_id) AS "templateId", c.retracts
                FROM recent c
                JOIN tickets t ON t.source = c.source AND t.ticket_id = c.ticket_id
                JOIN observed_tickets o ON o.ticket = t.id AND o.stream = $1 AND o.words > 0
                LEFT JOIN suggestions s ON s.ticket = t.id AND s.revision = 1
                LEFT JOIN template_heirs h ON h.id = c.template_id)
       SELECT * FROM given WHERE text IN (SELECT text FROM given GROUP BY text HAVING count(DISTINCT agent) > 1)`,
      [of],
    );
  }

  private async tickets(ids: number[]): Promise<Map<number, Omit<z.infer<typeof exampleSchema>, 'templateId'>>> {
    const rows: { id: number; source: string; ticketId: string; subject: string; preview: string }[] =
      await this.dataSource.query(
        `SELECT id, source, ticket_id AS "ticketId", subject, left(body, ${previewLength}) AS preview
           FROM tickets WHERE id = ANY ($1)`,
        [ids],
      );
    return new Map(rows.map(({ id, ...shown }) => [id, shown]));
  }

  private async titles(ids: string[]): Promise<Map<string, string>> {
    const rows: { id: string; title: string }[] = await this.dataSource.query(
      'SELECT id, title FROM templates WHERE id = ANY ($1)',
      [ids],
    );
    return new Map(rows.map(({ id, title }) => [id, title]));
  }
}
