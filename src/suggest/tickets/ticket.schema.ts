import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { cursorSchema, limitSchema, pageSchema } from '../../http/cursor.js';
import { identifier } from '../../http/text-schemas.js';
import { suggestionMessageSchema } from '../requests/suggestion-message.js';

export const ticketPathSchema = z.object({
  source: z.string().regex(/^[a-z0-9._-]{1,64}$/, 'must be 1 to 64 of a–z, 0–9, dot, hyphen, underscore'),
  ticketId: identifier(),
});
export type TicketPath = z.infer<typeof ticketPathSchema>;

export const ticketStates = ['open', 'answered', 'closed'] as const;

/** The sort value as an integer, and the ticket's id. */
const queueCursorSchema = z.tuple([z.int(), z.int().nonnegative()]);

export const ticketsQuerySchema = z.object({
  state: z.enum([...ticketStates, 'all']).default('open'),
  source: identifier().optional(),
  channel: identifier().optional(),
  language: identifier().optional(),
  contactType: identifier().optional(),
  /** `confidence`: by the probability of the first template, then newest; tickets without one come last */
  sort: z.enum(['newest', 'confidence']).default('newest'),
  limit: limitSchema(200, 50),
  cursor: cursorSchema(queueCursorSchema),
});
export type TicketsQuery = z.infer<typeof ticketsQuerySchema>;

const facts = {
  source: z.string(),
  ticketId: z.string(),
  subject: z.string(),
  channel: z.string().nullable(),
  language: z.string().nullable(),
  contactType: z.string().nullable(),
  state: z.enum(ticketStates),
  sample: z.boolean(),
  occurredAt: date,
  receivedAt: date,
};

/** A row of the ticket queue. */
export const ticketRowSchema = z
  .object({
    ...facts,
    /** The first characters of the body. */
    preview: z.string(),
    suggestion: z
      .object({
        suggestionId: z.string(),
        abstained: z.boolean(),
        templateId: z.string().nullable(),
        title: z.string().nullable(),
        probability: z.number().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'TicketRow' });
export type TicketRow = z.infer<typeof ticketRowSchema>;
/** Filter values of the open tickets. */
export const ticketFiltersSchema = z
  .object({
    open: z.number().int(),
    channels: z.array(z.string()),
    languages: z.array(z.string()),
    contactTypes: z.array(z.string()),
  })
  .meta({ id: 'TicketFilters' });
export type TicketFilters = z.infer<typeof ticketFiltersSchema>;

export const ticketPageSchema = pageSchema(ticketRowSchema).meta({ id: 'TicketPage' });

export const ticketSchema = z
  .object({
    ...facts,
    body: z.string(),
    /** Parts of the body that the model does not read (quotes, signatures): UTF-16 code units, `end` excluded, in order */
    quotedParts: z.array(z.object({ start: z.number().int(), end: z.number().int() })),
    fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ id: 'Ticket' });
export type TicketAnswer = z.infer<typeof ticketSchema>;

const wordWeightSchema = z
  .object({
    part: z.enum(['subject', 'body']),
    /** Start (inclusive) and end (exclusive) in that part of the ticket, in UTF-16 code units */
    start: z.number().int(),
    end: z.number().int(),
    text: z.string(),
    /** Change of the template's log-odds in nats: above 0 the word supports the template */
    weight: z.number(),
  })
  .meta({ id: 'WordWeight' });

/** Current states and texts of the templates apply. */
export const suggestionSchema = suggestionMessageSchema
  .extend({
    items: z.array(
      z.object({
        rank: z.number().int(),
        templateId: z.string(),
        probability: z.number(),
        title: z.string(),
        body: z.string(),
        /**
         * With `explain=true`: the words that support or contradict the template; null if the version that suggested it no longer
         * serves
         */
        words: z.array(wordWeightSchema).nullable().optional(),
      }),
    ),
    createdAt: date,
  })
  .meta({ id: 'Suggestion' });
export type SuggestionAnswer = z.infer<typeof suggestionSchema>;
export const suggestionQuerySchema = z.object({
  limit: limitSchema(10, 3),
  explain: z.enum(['true', 'false']).default('false'),
});
export type SuggestionQuery = z.infer<typeof suggestionQuerySchema>;

/** An answered ticket that is similar to another one. */
const similarTicketSchema = z
  .object({
    source: z.string(),
    ticketId: z.string(),
    subject: z.string(),
    /** The first characters of the body. */
    preview: z.string(),
    /** The template of its reply */
    templateId: z.string(),
    title: z.string().nullable(),
    answeredAt: date,
    /** Cosine similarity of the embeddings, −1 to 1 */
    similarity: z.number(),
  })
  .meta({ id: 'SimilarTicket' });
export type SimilarTicket = z.infer<typeof similarTicketSchema>;
export const similarSchema = z.object({ items: z.array(similarTicketSchema) }).meta({ id: 'SimilarTickets' });
export const similarQuerySchema = z.object({ limit: limitSchema(20, 5), template: identifier().optional() });

export const addedChoiceSchema = z
  .object({ choiceId: z.string(), result: z.enum(['added', 'repeated']) })
  .meta({ id: 'AddedChoice' });
