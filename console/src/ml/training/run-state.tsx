import { useTranslation } from 'react-i18next';
import type { TrainingRun } from '../api.js';
import { State } from '../../ui/parts.js';

const kinds = {
  queued: 'quiet',
  running: 'busy',
  rollout: 'busy',
  promoted: 'good',
  rejected: 'quiet',
  failed: 'bad',
  cancelled: 'quiet',
} as const satisfies Record<TrainingRun['state'], string>;

export function RunState({ state }: { state: TrainingRun['state'] }) {
  const { t } = useTranslation('engineers');
  return <State kind={kinds[state]}>{t(`runState.${state}`)}</State>;
}
