import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Choice } from '../../records/tickets/choice.entity.js';
import { notifyTickets } from '../../events/change-events.js';
import { updateLabels } from './labels.js';
import { lockTickets } from '../../database/ticket-lock.js';

export type NewChoice = Omit<Choice, 'id' | 'receivedAt'>;

/** `repeated`: the same choice again, nothing was changed. `conflict`: another choice has this id. */
export type AddedChoice = { kind: 'added' | 'repeated' } | { kind: 'conflict'; detail: string };

/** Adds choices. Choices are never changed or deleted. */
@Injectable()
export class ChoicesService {
  constructor(private readonly dataSource: DataSource) {}

  add(choice: NewChoice): Promise<AddedChoice> {
    return this.dataSource.transaction((manager) => addChoice(manager, choice));
  }
}

/** Adds a choice and updates the label of its ticket, if the ticket has arrived. Must be the first statement of the transaction. */
export async function addChoice(manager: EntityManager, choice: NewChoice): Promise<AddedChoice> {
  await lockTickets(manager, [choice]);
  const tickets: { id: number; source: string; ticketId: string; audit: boolean }[] = await manager.query(
    `SELECT id, source, ticket_id AS "ticketId", audit FROM tickets WHERE source = $1 AND ticket_id = $2 FOR UPDATE`,
    [choice.source, choice.ticketId],
  );
  const inserted: unknown[] = await manager.query(
    `INSERT INTO choices (source, ticket_id, choice_id, agent, occurred_at, outcome, template_id, suggestion_id, shown, retracts, via)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11) ON CONFLICT (source, choice_id) DO NOTHING RETURNING id`,
    [
      choice.source,
      choice.ticketId,
      choice.choiceId,
      choice.agent,
      choice.occurredAt,
      choice.outcome,
      choice.templateId,
      choice.suggestionId,
      choice.shown === null ? null : JSON.stringify(choice.shown),
      choice.retracts,
      choice.via,
    ],
  );
  if (inserted.length === 0) return compareWithExisting(manager, choice);
  await updateLabels(manager, tickets);
  await notifyTickets(manager, tickets);
  return { kind: 'added' };
}

async function compareWithExisting(manager: EntityManager, choice: NewChoice): Promise<AddedChoice> {
  const [existing]: Pick<Choice, 'ticketId' | 'outcome' | 'templateId' | 'retracts'>[] = await manager.query(
    `SELECT ticket_id AS "ticketId", outcome, template_id AS "templateId", retracts
       FROM choices WHERE source = $1 AND choice_id = $2`,
    [choice.source, choice.choiceId],
  );
  const differing = (['ticketId', 'outcome', 'templateId', 'retracts'] as const).filter(
    (name) => existing?.[name] !== choice[name],
  );
  if (differing.length === 0) return { kind: 'repeated' };
  return {
    kind: 'conflict',
    detail: `choiceId ${choice.choiceId} is already used by another choice with different ${differing.join(', ')}`,
  };
}
