/** What the API says of how templates do. */
import { z } from 'zod';
import { flagReasons } from '../../records/tickets/flag.entity.js';
import { templateStates } from '../../records/templates/template.entity.js';

const date = z.date().meta({ type: 'string', format: 'date-time' });
const count = z.int().nonnegative();

export const daysSchema = z.object({
  days: z.coerce.number().int().min(1).max(3650).default(90).describe('How far back the figures go'),
});

/** Of the tickets that agents decided on while the template stood first, the share that took it, with its 95 % interval */
const acceptance = z.object({ value: z.number(), low: z.number(), high: z.number(), of: count }).nullable();

const figures = {
  shown: count.describe('Tickets that agents decided on while it stood among the suggestions'),
  first: count.describe('Those among them where it stood first'),
  acceptance,
  used: count.describe('Tickets that were answered with it, suggested or looked up'),
  imported: count.describe('Tickets of imported histories that were answered with it, whenever that was'),
};

const templateFiguresSchema = z.object({
  templateId: z.string(),
  ...figures,
  lastUsedAt: date.nullable().describe('However long ago'),
  flags: count.describe('Since its last change'),
  reasons: z.partialRecord(z.enum(flagReasons), count),
  mistaken: count.describe('How often it stood first and another template was taken'),
  mostOften: z.object({ templateId: z.string(), times: count }).nullable().describe('The one taken most often instead'),
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
        takenInstead: count.describe('This one stood first, the other was taken'),
        suggestedInstead: count.describe('The other stood first, this one was taken'),
      }),
    ),
    flags: z.array(
      z.object({
        reason: z.enum(flagReasons),
        note: z.string().nullable().describe('What the agent said of it, redacted'),
        agent: z.string(),
        at: date,
        stands: z.boolean().describe('The template has not been changed since'),
        ...ticket,
      }),
    ),
    examples: z.array(z.object({ ...ticket, at: date })).describe('Tickets that were answered with it last'),
  })
  .meta({ id: 'TemplateStatistics' });
export type TemplateStatistics = z.infer<typeof templateStatisticsSchema>;

export const placeholderNamesSchema = z
  .object({
    tickets: count.describe('Newest tickets that were looked at'),
    items: z.array(z.object({ name: z.string(), tickets: count.describe('Those that have it') })),
  })
  .meta({ id: 'PlaceholderNames' });
export type PlaceholderNames = z.infer<typeof placeholderNamesSchema>;
