import { z } from 'zod';
import { outcomes } from '../../records/tickets/choice.entity.js';
import { readInstant } from '../../http/instant.js';
import { identifier } from '../../http/text-schemas.js';

/** Earlier dates are taken for errors, ms since 1970. */
const minDate = Date.UTC(1990, 0, 1);
const dayMs = 86_400_000;

/** An ISO 8601 date with a time zone in any form that `readInstant` reads, between 1990 and 24 hours ahead of `now`. */
export function occurredAtSchema(now: () => number) {
  return z
    .string({ error: ({ input }) => (input === undefined ? 'missing' : 'must be a string with an ISO 8601 date') })
    .transform((text, context) => {
      const instant = readInstant(text);
      if (typeof instant !== 'string') return instant;
      context.addIssue({ code: 'custom', message: instant });
      return z.NEVER;
    })
    .refine((date) => date.getTime() >= minDate, 'must not be before 1990')
    .refine((date) => date.getTime() <= now() + dayMs, 'must not be more than 24 hours ahead');
}

/** An agent's choice without its ticket: the body of `POST …/choices`. */
export const choiceBodySchema = z
  .object({
    choiceId: identifier(),
    agent: identifier().optional(),
    occurredAt: occurredAtSchema(Date.now).optional().meta({ type: 'string', format: 'date-time' }),
    outcome: z.enum(outcomes),
    templateId: identifier().nullable().default(null),
    suggestionId: z.uuid().nullable().default(null),
    shown: z.array(identifier()).max(100).nullable().default(null),
    retracts: identifier().nullable().default(null),
  })
  .superRefine((choice, context) => {
    const hasTemplate = choice.templateId !== null;
    const mustBeNull = choice.outcome === 'own-reply' || choice.outcome === 'none-fits';
    if (hasTemplate === mustBeNull) {
      const message = mustBeNull ? `must be null if outcome is ${choice.outcome}` : 'must name a template';
      context.addIssue({ code: 'custom', path: ['templateId'], message });
    }
    if (choice.retracts === choice.choiceId) {
      context.addIssue({ code: 'custom', path: ['retracts'], message: 'must name another choice, not this one' });
    }
  })
  .meta({ id: 'ChoiceBody' });
export type ChoiceBody = z.infer<typeof choiceBodySchema>;
