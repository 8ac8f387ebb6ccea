/** Agents of a test who know the right template: they answer over Kafka, as a helpdesk reports it. */
import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { TestApp } from './app.js';
import { produce } from './kafka.js';
import { waitFor } from './waiting.js';

export interface Suggested {
  ticketId: string;
  version: string;
  /** First of the ranking, shown or hidden */
  first: string | null;
  shown: string[];
}

/** The newest suggestion of each of these tickets that has one. */
export async function suggestionsOf(team: TestApp, source: string, ids: readonly string[]): Promise<Suggested[]> {
  const rows = await team.query<{
    ticketId: string;
    version: string;
    abstained: boolean;
    ranking: { templateId: string }[];
  }>(
    `SELECT DISTINCT ON (t.ticket_id) t.ticket_id AS "ticketId", s.model_version AS version, s.abstained, s.ranking
       FROM tickets t JOIN suggestions s ON s.ticket = t.id
      WHERE t.source = $1 AND t.ticket_id = ANY ($2) ORDER BY t.ticket_id, s.revision DESC`,
    [source, ids],
  );
  return rows.map(({ ticketId, version, abstained, ranking }) => ({
    ticketId,
    version,
    first: ranking[0]?.templateId ?? null,
    shown: abstained ? [] : ranking.slice(0, 3).map(({ templateId }) => templateId),
  }));
}

/** @param chosen the template that the agent takes; null: a reply of their own */
export async function answerAll(
  team: TestApp,
  kafka: Kafka,
  { source, ids, chosen }: { source: string; ids: string[]; chosen: (ticket: Suggested) => string | null },
): Promise<void> {
  const messages = (await suggestionsOf(team, source, ids)).map((ticket) => {
    const templateId = chosen(ticket);
    const used = templateId !== null && ticket.shown.includes(templateId);
    const outcome = templateId === null ? 'own-reply' : used ? 'used' : 'other-template';
    const { ticketId, shown } = ticket;
    const occurredAt = new Date().toISOString();
    const choice = {
      source,
      ticketId,
      choiceId: randomUUID(),
      agent: 'simulated',
      occurredAt,
      outcome,
      templateId,
      shown,
    };
    return { key: `${source}:${ticketId}`, value: JSON.stringify(choice) };
  });
  await produce(kafka, team.config.TOPIC_CHOICES, messages);
  const stored = async (): Promise<number> => {
    const [row] = await team.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM choices WHERE source = $1 AND ticket_id = ANY ($2)`,
      [source, ids],
    );
    return row?.n ?? 0;
  };
  await waitFor(`${ids.length} choices to be stored`, stored, (count) => count === ids.length);
}
