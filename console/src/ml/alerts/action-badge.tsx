import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Decision } from '../api.js';

const colours = {
  repair: 'red',
  reweight: 'blue',
  record: 'gray',
  'label-first': 'orange',
  retrain: 'indigo',
  none: 'gray',
} as const satisfies Record<Decision['action'], string>;

/** What a decision or an alert says is to be done. */
export function ActionBadge({ action }: { action: Decision['action'] }) {
  const { t } = useTranslation('engineers');
  return (
    <Badge size="sm" variant="light" color={colours[action]} className="action">
      {t(`action.${action}`)}
    </Badge>
  );
}
