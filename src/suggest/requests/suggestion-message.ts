import { z } from 'zod';
import type { Ranking } from '../../models/ranker.js';
import type { Suggestion } from '../../records/tickets/suggestion.entity.js';

/** The message on `ticket-suggestions`. An audit ticket looks like any other abstention. */
export const suggestionMessageSchema = z
  .object({
    source: z.string(),
    ticketId: z.string(),
    suggestionId: z.string(),
    revision: z.number().int(),
    modelVersion: z.string(),
    abstained: z.boolean(),
    reason: z.string().nullable(),
    contactType: z.object({ value: z.string(), probability: z.number() }).nullable(),
    items: z.array(z.object({ rank: z.number().int(), templateId: z.string(), probability: z.number() })),
  })
  .meta({ id: 'SuggestionMessage' });
export type SuggestionMessage = z.infer<typeof suggestionMessageSchema>;

/** Four digits: more would suggest a precision that no model has. */
export const roundProbability = (probability: number): number => Math.round(probability * 10_000) / 10_000;

/** The only way from a stored suggestion to its readers: an abstention has no items, whatever the model ranked. */
export function toSuggestionMessage(
  ticket: { source: string; ticketId: string },
  suggestion: Omit<Suggestion, 'ticket' | 'shownProbability' | 'createdAt'>,
): SuggestionMessage {
  const { contactType, contactTypeProbability } = suggestion;
  return {
    source: ticket.source,
    ticketId: ticket.ticketId,
    suggestionId: suggestion.id,
    revision: suggestion.revision,
    modelVersion: suggestion.modelVersion,
    abstained: suggestion.abstained,
    reason: suggestion.reason,
    contactType:
      contactType === null ? null : { value: contactType, probability: roundProbability(contactTypeProbability ?? 0) },
    items: suggestion.abstained ? [] : toRankedItems(suggestion.ranking),
  };
}

/** A ranking that is not stored, as its readers see it. */
export function toPublicRanking({ abstained, reason, contactType, items }: Ranking, limit: number) {
  return {
    abstained,
    reason,
    contactType,
    items: abstained ? [] : toRankedItems(items.slice(0, limit)),
  };
}

const toRankedItems = (items: readonly { templateId: string; probability: number }[]) =>
  items.map(({ templateId, probability }, index) => ({
    rank: index + 1,
    templateId,
    probability: roundProbability(probability),
  }));
