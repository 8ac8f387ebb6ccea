/** What the monitor's routes take and answer. */
import { z } from 'zod';
import { streams } from '../records/tickets/observed-ticket.entity.js';
import { cursorSchema } from '../http/cursor.js';
import { storedText } from '../http/text-schemas.js';

export const retrainActions = ['repair', 'reweight', 'record', 'label-first', 'retrain', 'none'] as const;

const rowId = z.int().positive();
export const lastId = cursorSchema(rowId);
export const idPathSchema = z.object({ id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });
export const stream = z.enum(streams);
export const reason = () => storedText().trim().min(1).max(1_000);

/** An estimate with its 95 % interval. */
export const estimateSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

export const findingSchema = z
  .object({
    signal: z.string(),
    slice: z.object({ by: z.enum(['all', 'channel', 'language', 'contactType']), value: z.string() }),
    statistic: z.number(),
    pValue: z.number().nullable(),
    evidence: z.number().nullable(),
    alarm: z.boolean(),
    effect: estimateSchema.extend({ unit: z.string() }),
    explanation: z.string(),
  })
  .meta({ id: 'Finding' });
