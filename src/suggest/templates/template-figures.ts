/** Template statistics in the API. */
import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { flagReasons } from '../../records/tickets/flag.entity.js';
import { templateStates } from '../../records/templates/template.entity.js';

const count = z.int().nonnegative();

export const daysSchema = z.object({
  days: z.coerce.number().int().min(1).max(3650).default(90).describe('Length of the period'),
});

/** Acceptance rate at rank 1, 0–1, with 95% confidence interval */
const acceptance = z.object({ value: z.number(), low: z.number(), high: z.number(), of: count }).nullable();

const figures = {
  shown: count.describe('Decided tickets on which it was suggested'),
  first: count.describe('Decided tickets on which it was suggested first'),
  acceptance,
  used: count.describe('Tickets answered with it, suggested or searched for'),
  imported: count.describe('Tickets of imported history answered with it, at any time'),
};

const templateFiguresSchema = z.object({
  templateId: z.string(),
  ...figures,
  lastUsedAt: date.nullable().describe('At any time'),
  flags: count.describe('Flags since its last change'),
  reasons: z.partialRecord(z.enum(flagReasons), count),
  overridden: count.describe('Tickets on which it was suggested first and another template was chosen'),
  topAlternative: z
    .object({ templateId: z.string(), times: count })
    .nullable()
    .describe('The template chosen most often instead'),
});
export type TemplateFigures = z.infer<typeof templateFiguresSchema>;

const period = { from: z.string(), to: z.string() };

export const templatesFiguresSchema = z
  .object({ ...period, items: z.array(templateFiguresSchema) })
  .meta({ id: 'TemplatesFigures' });
export type TemplatesFigures = z.infer<typeof templatesFiguresSchema>;

const ticket = { source: z.string(), ticketId: z.string(), subject: z.string(), preview: z.string() };

export const templateStatisticsSchema = z
  .object({
    ...period,
    ...figures,
    usage: z.array(z.object({ from: date, shown: count, first: count, taken: count, used: count })),
    confusedWith: z.array(
      z.object({
        templateId: z.string(),
        title: z.string(),
        state: z.enum(templateStates),
        takenInstead: count.describe('This template was suggested first, the other was chosen'),
        suggestedInstead: count.describe('The other template was suggested first, this one was chosen'),
      }),
    ),
    flags: z.array(
      z.object({
        reason: z.enum(flagReasons),
        note: z.string().nullable().describe('Redacted'),
        agent: z.string(),
        at: date,
        isCurrent: z.boolean().describe('The template has not changed since'),
        ...ticket,
      }),
    ),
    examples: z.array(z.object({ ...ticket, at: date })).describe('Newest tickets that were answered with it'),
  })
  .meta({ id: 'TemplateStatistics' });
export type TemplateStatistics = z.infer<typeof templateStatisticsSchema>;

export const placeholderNamesSchema = z
  .object({
    tickets: count.describe('Number of newest tickets that were searched'),
    items: z.array(z.object({ name: z.string(), tickets: count.describe('Tickets that have the field') })),
  })
  .meta({ id: 'PlaceholderNames' });
export type PlaceholderNames = z.infer<typeof placeholderNamesSchema>;
