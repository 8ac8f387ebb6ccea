import type { Config } from '../../config/config.js';
import type { DecisionSettings } from './retrain-decision.js';

export function decisionSettings(
  config: Pick<
    Config,
    'RETRAIN_LEAST_LOSS' | 'RETRAIN_LEAST_LABELS' | 'RETRAIN_LEAST_TOPIC_LABELS' | 'RETRAIN_COOL_DOWN_H'
  >,
): DecisionSettings {
  return {
    leastLoss: config.RETRAIN_LEAST_LOSS,
    leastLabels: config.RETRAIN_LEAST_LABELS,
    leastTopicLabels: config.RETRAIN_LEAST_TOPIC_LABELS,
    coolDownHours: config.RETRAIN_COOL_DOWN_H,
  };
}
