/** What the monitor's routes take and answer. */
import { z } from 'zod';
import { streams } from '../records/observed-ticket.entity.js';
import { cursorOf, limitOf, pageSchema } from '../http/cursor.js';
import { storedText } from '../http/text-schemas.js';
import { alertEventKinds, alertStates } from './alerts/alert-lifecycle.js';
import { sayingSchema } from '../messages/localized-message.js';

export const retrainActions = ['repair', 'reweight', 'record', 'label-first', 'retrain', 'none'] as const;

export const date = z.date().meta({ type: 'string', format: 'date-time' });
const rowId = z.int().positive();
const lastId = cursorOf(rowId);
export const idPathSchema = z.object({ id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });
export const stream = z.enum(streams);
const why = () => storedText().trim().min(1).max(1_000);

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

export const alertSchema = z
  .object({
    id: z.number().int(),
    modelVersion: z.string(),
    stream,
    cause: z.string(),
    state: z.enum(alertStates),
    active: z.boolean(),
    action: z.enum(retrainActions),
    headline: z.string(),
    saying: sayingSchema.nullable(),
    owner: z.string().nullable(),
    reason: z.string().nullable(),
    reasonSaying: sayingSchema.nullable(),
    snoozedUntil: date.nullable(),
    openedAt: date,
    seenAt: date,
    closedAt: date.nullable(),
  })
  .meta({ id: 'Alert' });
export type AlertAnswer = z.infer<typeof alertSchema>;

export const alertDetailSchema = alertSchema
  .extend({
    findings: z.array(findingSchema),
    evidence: z.looseObject({}),
    examples: z.array(z.object({ source: z.string(), ticketId: z.string(), subject: z.string(), preview: z.string() })),
    history: z.array(
      z.object({
        at: date,
        actor: z.string(),
        kind: z.enum(alertEventKinds),
        reason: z.string().nullable(),
        saying: sayingSchema.nullable(),
      }),
    ),
  })
  .meta({ id: 'AlertDetail' });
export type AlertDetail = z.infer<typeof alertDetailSchema>;
export const alertPageSchema = pageSchema(alertSchema).meta({ id: 'AlertPage' });
export const alertsQuerySchema = z.object({
  state: z.enum(alertStates).optional(),
  stream: stream.optional(),
  limit: limitOf(200, 50),
  cursor: lastId,
});
export type AlertsQuery = z.infer<typeof alertsQuerySchema>;
export const snoozeSchema = z.object({ reason: why(), until: z.iso.datetime({ offset: true }) }).meta({ id: 'Snooze' });
export const closeSchema = z.object({ reason: why() }).meta({ id: 'Close' });

export const decisionSchema = z
  .object({
    id: z.number().int(),
    decidedAt: date,
    modelVersion: z.string(),
    stream,
    action: z.enum(retrainActions),
    reasons: z.array(z.string()),
    sayings: z.array(sayingSchema.nullable()),
    askedBy: z.string(),
    alert: z.number().int().nullable(),
    detail: z.looseObject({}),
  })
  .meta({ id: 'RetrainDecision' });
export const decisionPageSchema = pageSchema(decisionSchema).meta({ id: 'RetrainDecisionPage' });
export const decisionsQuerySchema = z.object({
  action: z.enum(retrainActions).optional(),
  stream: stream.optional(),
  limit: limitOf(200, 50),
  cursor: lastId,
});
export type DecisionsQuery = z.infer<typeof decisionsQuerySchema>;
/** `look`: what the evidence of the last look says now; `retrain`: a retraining, whether or not anything has moved. */
export const askSchema = z.object({ ask: z.enum(['look', 'retrain']) }).meta({ id: 'AskForDecision' });

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
