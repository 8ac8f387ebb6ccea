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

/**
 * The action of a decision or an alert.
 *
 * @param messages the reasons of a decision: one without an action may be waiting for the cool-down
 */
export function ActionBadge({ action, messages }: { action: Decision['action']; messages?: Decision['messages'] }) {
  const { t } = useTranslation('engineers');
  const isWaiting = action === 'none' && messages?.some((message) => message?.key === 'cool-down');
  return (
    <Badge size="sm" variant="light" color={colours[action]} className="action">
      {t(isWaiting ? 'action.waiting' : `action.${action}`)}
    </Badge>
  );
}
