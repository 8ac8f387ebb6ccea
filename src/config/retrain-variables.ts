/** When a model is trained again, and what it takes for it to take over. */
import { CronPattern } from 'croner';
import { z } from 'zod';
import { days, share, whole } from './variables.js';

/** Of a canary with fewer tickets nothing would ever be learned. */
export const leastCanaryShare = 0.001;

const isCron = (text: string): boolean => {
  try {
    new CronPattern(text);
    return true;
  } catch {
    return false;
  }
};

const points = z.coerce.number({ error: 'must be a number' }).min(0, 'must be 0 to 100').max(100, 'must be 0 to 100');

/** One row of the README's configuration table each. */
export const retrainVariables = {
  RETRAIN_MIN_LOSS: share.default(0.02).describe('Rise of the error rate that is worth a retraining (0–1)'),
  RETRAIN_MIN_LABELS: whole(1, 10_000_000).default(200).describe('Fresh labels below which nothing is trained'),
  RETRAIN_MIN_TOPIC_LABELS: whole(1, 10_000_000)
    .default(20)
    .describe('Labels of templates that the model has never learned, from which on it can learn a new topic'),
  RETRAIN_COOL_DOWN_H: whole(0, 8_784)
    .default(24)
    .describe('Time after a training in which no other begins by itself, h'),
  RETRAIN_SCHEDULE: z
    .string()
    .refine(isCron, 'must be a cron pattern such as 0 3 * * 1 (UTC)')
    .optional()
    .describe('When a retraining is looked at whether there is drift or not: a cron pattern, UTC, such as `0 3 * * 1`'),
  RETRAIN_LABEL_DAYS: days.default(730).describe('Age at which a label no longer trains, days'),
  RETRAIN_TRUSTED_LABELS: whole(20, 1_000_000)
    .default(200)
    .describe('Held-out audit, correction and history labels that are enough to compare on them alone'),
  RETRAIN_MARGIN: points
    .default(0.5)
    .describe('Points of top-1 that a new version may be worse by after a scheduled run'),
  RETRAIN_SLICE_MARGIN: points
    .default(2)
    .describe('Points that a channel, a language, a contact type or what is shown may be worse by'),
  RETRAIN_ALPHA: share
    .refine((value) => value > 0, 'must be above 0')
    .default(0.05)
    .describe('Share of equal new versions that may pass for better ones after a decision (0–1)'),
  RETRAIN_MAX_SLOWDOWN: z.coerce
    .number({ error: 'must be a number' })
    .min(1, 'must be at least 1')
    .default(1.5)
    .describe('Most that a new version may take longer for a ticket than the champion, as a factor'),
  RETRAIN_ROLLOUT: z
    .enum(['direct', 'shadow', 'canary'])
    .default('direct')
    .describe(
      'What a version that has passed does first: take over, rank without being shown, or rank a share of tickets',
    ),
  RETRAIN_CANARY_SHARE: share
    .min(leastCanaryShare, `must be at least ${leastCanaryShare}`)
    .default(0.1)
    .describe('Share of tickets that a canary ranks (0.001–1)'),
  RETRAIN_KEEP_VERSIONS: whole(1, 10_000)
    .default(10)
    .describe('Model versions that are kept beside champion, challenger and the champion before'),
};
