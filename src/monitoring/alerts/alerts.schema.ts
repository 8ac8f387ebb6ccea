import { z } from 'zod';
import { limitSchema, pageSchema } from '../../http/cursor.js';
import { localizedMessageSchema } from '../../messages/localized-message.js';
import { date } from '../../http/date-schema.js';
import { retrainActions, findingSchema, stream, lastId, reason } from '../monitor.schema.js';
import { alertEventKinds, alertStates } from './alert-lifecycle.js';

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
    message: localizedMessageSchema.nullable(),
    owner: z.string().nullable(),
    reason: z.string().nullable(),
    reasonMessage: localizedMessageSchema.nullable(),
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
        message: localizedMessageSchema.nullable(),
      }),
    ),
  })
  .meta({ id: 'AlertDetail' });

export type AlertDetail = z.infer<typeof alertDetailSchema>;
export const alertPageSchema = pageSchema(alertSchema).meta({ id: 'AlertPage' });
export const alertsQuerySchema = z.object({
  state: z.enum(alertStates).optional(),
  stream: stream.optional(),
  limit: limitSchema(200, 50),
  cursor: lastId,
});

export type AlertsQuery = z.infer<typeof alertsQuerySchema>;

export const snoozeSchema = z
  .object({ reason: reason(), until: z.iso.datetime({ offset: true }) })
  .meta({ id: 'Snooze' });
export const closeSchema = z.object({ reason: reason() }).meta({ id: 'Close' });
