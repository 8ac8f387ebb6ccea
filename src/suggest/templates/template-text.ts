import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { templateStates } from '../../records/templates/template.entity.js';
import { identifier, storedText } from '../../http/text-schemas.js';

/** Members of a template in files and over HTTP. */
const fields = {
  title: storedText().trim().min(1, 'must not be empty').max(200),
  body: storedText().trim().min(1, 'must not be empty').max(20_000),
  contactTypes: z.array(identifier()).max(100),
};

export const templateIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
    'must be 1 to 128 letters, digits, dots, hyphens, colons or underscores',
  );

/** The template that its labels count for; a merged template is retired. Null undoes the merge; without it, nothing changes. */
const mergedInto = templateIdSchema.nullable().optional();

export const newTemplateSchema = z
  .object({
    id: templateIdSchema,
    ...fields,
    contactTypes: fields.contactTypes.default([]),
    state: z.enum(templateStates).default('allowed'),
    mergedInto,
  })
  .meta({ id: 'NewTemplate' });
export type NewTemplate = z.infer<typeof newTemplateSchema>;

/** A row of a template file. Without a state, an existing template keeps its state and a new one is active. */
export const importedTemplateSchema = newTemplateSchema.extend({ state: z.enum(templateStates).optional() });
export type ImportedTemplate = z.infer<typeof importedTemplateSchema>;

export const templateChangeSchema = z
  .object({
    ...fields,
    state: z.enum(templateStates),
    mergedInto,
    revision: z
      .int()
      .positive()
      .describe('Revision that the change is based on; 409 if the template has changed since'),
  })
  .partial()
  .refine(
    ({ revision, ...change }) => Object.keys(change).length > 0,
    'must change something: title, body, contactTypes, state or mergedInto',
  )
  .meta({ id: 'TemplateChange', minProperties: 1 });
export type TemplateChange = z.infer<typeof templateChangeSchema>;

export const templateSchema = z
  .object({
    id: z.string(),
    ...fields,
    state: z.enum(templateStates),
    mergedInto: z.string().nullable(),
    revision: z.number().int(),
    sample: z.boolean(),
    createdAt: date,
    updatedAt: date,
  })
  .meta({ id: 'Template' });

/** A template after a change, and who made it. */
export const templateRevisionSchema = templateSchema
  .omit({ id: true, sample: true, createdAt: true, updatedAt: true })
  .extend({ changedBy: z.string(), changedAt: date })
  .meta({ id: 'TemplateRevision' });
