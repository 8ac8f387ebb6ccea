/** Variables of retraining: when a model is trained again, and what it takes to be promoted. */
import { CronPattern } from 'croner';
import { z } from 'zod';
import { days, fraction, integer } from './variables.js';

/** A canary with fewer tickets would never give a result. */
export const minCanaryShare = 0.001;

const isCron = (text: string): boolean => {
  try {
    new CronPattern(text);
    return true;
  } catch {
    return false;
  }
};

const points = z.coerce.number({ error: 'must be a number' }).min(0, 'must be 0 to 100').max(100, 'must be 0 to 100');

/** Each is a row of the README's configuration table. */
export const retrainVariables = {
  RETRAIN_MIN_LOSS: fraction.default(0.02).describe('Minimum drop in accuracy that triggers a retraining (0–1)'),
  RETRAIN_MIN_LABELS: integer(1, 10_000_000).default(200).describe('Minimum number of new labels for a retraining'),
  RETRAIN_MIN_TOPIC_LABELS: integer(1, 10_000_000)
    .default(20)
    .describe('Minimum number of labels on new templates for a retraining on a new topic'),
  RETRAIN_COOL_DOWN_H: integer(0, 8_784)
    .default(24)
    .describe('Time after a training run in which no automatic retraining starts, h'),
  RETRAIN_SCHEDULE: z
    .string()
    .refine(isCron, 'must be a cron pattern (UTC) such as 0 3 * * 1')
    .optional()
    .describe('Cron pattern (UTC) of scheduled retraining checks, such as `0 3 * * 1`; unset: none'),
  RETRAIN_LABEL_DAYS: days.default(730).describe('Maximum age of a training label, days'),
  RETRAIN_TRUSTED_LABELS: integer(20, 1_000_000)
    .default(200)
    .describe('Number of held-out audit, correction and history labels from which only these decide a promotion'),
  RETRAIN_MARGIN: points
    .default(0.5)
    .describe('Non-inferiority margin for top-1 accuracy of a challenger from a scheduled run, percentage points'),
  RETRAIN_SLICE_MARGIN: points
    .default(2)
    .describe('Maximum regression per channel, language, contact type and for shown suggestions, percentage points'),
  RETRAIN_ALPHA: fraction
    .refine((value) => value > 0, 'must be above 0')
    .default(0.05)
    .describe('Significance level of the superiority test after a drift decision (0–1)'),
  RETRAIN_MAX_SLOWDOWN: z.coerce
    .number({ error: 'must be a number' })
    .min(1, 'must be at least 1')
    .default(1.5)
    .describe('Maximum time per ticket of a challenger, as a multiple of the champion'),
  RETRAIN_ROLLOUT: z
    .enum(['direct', 'shadow', 'canary'])
    .default('direct')
    .describe(
      'First step for a challenger that passes: `direct` promotes it, `shadow` ranks without showing, `canary` ranks a share',
    ),
  RETRAIN_CANARY_SHARE: fraction
    .min(minCanaryShare, `must be at least ${minCanaryShare}`)
    .default(0.1)
    .describe('Share of tickets that a canary ranks (0.001–1)'),
  RETRAIN_KEEP_VERSIONS: integer(1, 10_000)
    .default(10)
    .describe('Number of old model versions to keep besides champion, challenger and previous champion'),
};
