import type { Config } from '../../config/config.js';
import { defaultGates, type GateSettings } from './promotion.js';

export function gateSettings(
  config: Pick<Config, 'RETRAIN_MARGIN' | 'RETRAIN_SLICE_MARGIN' | 'RETRAIN_ALPHA' | 'RETRAIN_MAX_SLOWDOWN'>,
): GateSettings {
  return {
    ...defaultGates,
    margin: config.RETRAIN_MARGIN,
    sliceMargin: config.RETRAIN_SLICE_MARGIN,
    alpha: config.RETRAIN_ALPHA,
    maxSlowdown: config.RETRAIN_MAX_SLOWDOWN,
  };
}
