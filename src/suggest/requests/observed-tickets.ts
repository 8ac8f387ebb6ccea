import type { EntityManager } from 'typeorm';
import type { Ranking } from '../../models/ranker.js';

export interface FirstSuggestion {
  ticket: number;
  modelVersion: string;
  ranking: Ranking;
}

/**
 * Hands tickets that were ranked for the first time to the monitor, in the transaction that stores their suggestions. Each
 * ticket is recorded once. Event time is when the customer wrote it, but at most when it was received: a sender's clock that
 * runs ahead must not close a window early.
 */
export async function storeObservedTickets(manager: EntityManager, suggestions: FirstSuggestion[]): Promise<void> {
  if (suggestions.length === 0) return;
  const rows = suggestions.map(({ ticket, modelVersion, ranking }) => {
    const { abstained, reason, entropy, words, unknownShare, fingerprint, unweighted = null } = ranking;
    return { ticket, modelVersion, abstained, reason, entropy, words, unknownShare, fingerprint, unweighted };
  });
  await manager.query(
    `INSERT INTO observed_tickets (ticket, model_version, stream, occurred_at, abstained, reason, entropy, words,
                                   unknown_share, fingerprint, unweighted)
     SELECT r.ticket, r."modelVersion", CASE WHEN t.sample THEN 'sample' ELSE 'tickets' END,
            least(coalesce(t.content_at, t.state_at), t.received_at), r.abstained, r.reason, r.entropy, r.words,
            r."unknownShare", r.fingerprint, r.unweighted
       FROM jsonb_to_recordset($1::jsonb) AS r (ticket bigint, "modelVersion" text, abstained boolean, reason text,
            entropy float8, words int, "unknownShare" float8, fingerprint text, unweighted jsonb)
       JOIN tickets t ON t.id = r.ticket
     ON CONFLICT (ticket) DO NOTHING`,
    [JSON.stringify(rows)],
  );
}
