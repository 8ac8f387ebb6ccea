import type { Config } from '../config.js';
import type { DecisionSettings } from './retrain-decision.js';

export function decisionSettings(
  config: Pick<Config, 'RETRAIN_LEAST_LOSS' | 'RETRAIN_LEAST_LABELS' | 'RETRAIN_COOL_DOWN_H'>,
): DecisionSettings {
  const { RETRAIN_LEAST_LOSS, RETRAIN_LEAST_LABELS, RETRAIN_COOL_DOWN_H } = config;
  return { leastLoss: RETRAIN_LEAST_LOSS, leastLabels: RETRAIN_LEAST_LABELS, coolDownHours: RETRAIN_COOL_DOWN_H };
}
