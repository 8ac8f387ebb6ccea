import { z } from 'zod';
import { limitSchema, pageSchema } from '../../http/cursor.js';
import { localizedMessageSchema } from '../../messages/localized-message.js';
import { date } from '../../http/date-schema.js';
import { lastId, retrainActions, stream } from '../monitor.schema.js';

export const decisionSchema = z
  .object({
    id: z.number().int(),
    decidedAt: date,
    modelVersion: z.string(),
    stream,
    action: z.enum(retrainActions),
    reasons: z.array(z.string()),
    messages: z.array(localizedMessageSchema.nullable()),
    requestedBy: z.string(),
    alert: z.number().int().nullable(),
    detail: z.looseObject({}),
  })
  .meta({ id: 'RetrainDecision' });

export const decisionPageSchema = pageSchema(decisionSchema).meta({ id: 'RetrainDecisionPage' });
export const decisionsQuerySchema = z.object({
  action: z.enum(retrainActions).optional(),
  stream: stream.optional(),
  limit: limitSchema(200, 50),
  cursor: lastId,
});

export type DecisionsQuery = z.infer<typeof decisionsQuerySchema>;
/** `evaluation`: decide again on the last evaluation; `retraining`: retrain whether or not drift was detected. */
export const decisionRequestSchema = z
  .object({ request: z.enum(['evaluation', 'retraining']) })
  .meta({ id: 'RetrainDecisionRequest' });
export const reweightingSchema = z
  .object({
    decision: z.number().int(),
    modelVersion: z.string(),
    weights: z.record(z.string(), z.number()),
    startedAt: date,
    endedAt: date.nullable(),
    endedBy: z.string().nullable(),
  })
  .meta({ id: 'Reweighting' });

export type ReweightingAnswer = z.infer<typeof reweightingSchema>;
