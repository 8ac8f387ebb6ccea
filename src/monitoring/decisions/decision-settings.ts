import type { Config } from '../../config/config.js';
import type { DecisionSettings } from './retrain-decision.js';

export function decisionSettings(
  config: Pick<Config, 'RETRAIN_MIN_LOSS' | 'RETRAIN_MIN_LABELS' | 'RETRAIN_MIN_TOPIC_LABELS' | 'RETRAIN_COOL_DOWN_H'>,
): DecisionSettings {
  return {
    minLoss: config.RETRAIN_MIN_LOSS,
    minLabels: config.RETRAIN_MIN_LABELS,
    minTopicLabels: config.RETRAIN_MIN_TOPIC_LABELS,
    coolDownHours: config.RETRAIN_COOL_DOWN_H,
  };
}
