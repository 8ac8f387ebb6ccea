import type { EntityManager } from 'typeorm';
import type { Choice } from '../../records/tickets/choice.entity.js';
import { requestRankingIfStale } from '../requests/ranking-request.js';
import { labelProvenance, effectiveChoice } from './effective-choice.js';

interface LabelledTicketRef {
  id: number;
  source: string;
  ticketId: string;
  audit: boolean;
}

type ChoiceRow = Choice & { ticket: number; shownProbability: number | null };

/**
 * Derives labels and `answered_at` of the tickets from their choices. Adding a choice and storing a ticket both call it in their
 * transaction, after `lockTickets`, so a choice may arrive before its ticket.
 *
 * If a choice does not say what was shown, its suggestion does: the one that it names, or else the newest at its time.
 */
export async function updateLabels(manager: EntityManager, tickets: LabelledTicketRef[]): Promise<void> {
  if (tickets.length === 0) return;
  const rows: ChoiceRow[] = await manager.query(
    `SELECT c.id, c.choice_id AS "choiceId", c.agent, c.occurred_at AS "occurredAt", c.outcome,
            c.template_id AS "templateId", c.retracts, t.id AS ticket,
            coalesce(c.shown, (SELECT jsonb_path_query_array(s.ranking, '$[0 to 2].templateId') WHERE NOT s.abstained)) AS shown,
            s.shown_probability AS "shownProbability"
       FROM unnest($1::bigint[], $2::text[], $3::text[]) AS t (id, source, ticket_id)
       JOIN choices c ON c.source = t.source AND c.ticket_id = t.ticket_id
       LEFT JOIN LATERAL (
         SELECT abstained, ranking, shown_probability FROM suggestions s
          WHERE s.ticket = t.id AND (s.id = c.suggestion_id OR c.suggestion_id IS NULL AND s.created_at <= c.received_at)
          ORDER BY s.created_at <= c.occurred_at DESC, s.revision DESC LIMIT 1) s ON true`,
    [tickets.map((t) => t.id), tickets.map((t) => t.source), tickets.map((t) => t.ticketId)],
  );
  if (rows.length === 0) return;
  for (const ticket of tickets) {
    const ownChoices = rows.filter((row) => row.ticket === ticket.id);
    if (ownChoices.length > 0) await updateLabel(manager, ticket, ownChoices);
  }
}

async function updateLabel(manager: EntityManager, ticket: LabelledTicketRef, choices: ChoiceRow[]): Promise<void> {
  const { choice, corrects } = effectiveChoice(choices);
  await manager.query('UPDATE tickets SET answered_at = $2 WHERE id = $1', [ticket.id, choice?.occurredAt ?? null]);
  if (choice === null) await requestRankingIfStale(manager, ticket.id);
  // An agent's own reply is no evidence about templates: a fitting one may have been overlooked.
  if (choice === null || choice.outcome === 'own-reply') {
    await manager.query(`DELETE FROM labels WHERE ticket = $1 AND provenance <> 'history'`, [ticket.id]);
    return;
  }
  const index = choice.templateId === null ? -1 : (choice.shown ?? []).indexOf(choice.templateId);
  await manager.query(
    `INSERT INTO labels (ticket, template_id, provenance, choice, position, shown_probability, labelled_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (ticket) DO UPDATE SET template_id = EXCLUDED.template_id, provenance = EXCLUDED.provenance,
       choice = EXCLUDED.choice, position = EXCLUDED.position, shown_probability = EXCLUDED.shown_probability,
       labelled_at = EXCLUDED.labelled_at`,
    [
      ticket.id,
      choice.templateId,
      labelProvenance(corrects, ticket.audit),
      choice.id,
      index < 0 ? null : index + 1,
      index < 0 ? null : choice.shownProbability,
      choice.occurredAt,
    ],
  );
  // The monitor counts the outcome of a ticket once, however often its choice changes.
  await manager.query(`UPDATE observed_tickets SET outcome = 'due' WHERE ticket = $1 AND outcome IS NULL`, [ticket.id]);
}
