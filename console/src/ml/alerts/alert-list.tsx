import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ActionBadge } from './action-badge.js';
import { actorName } from '../../ui/actor-name.js';
import type { Alert } from '../api.js';
import { useFormat } from '../../ui/format.js';
import { State } from '../../ui/parts.js';
import { useLocalize } from '../service-messages.js';

const kinds = { open: 'bad', acknowledged: 'warn', snoozed: 'quiet', closed: 'quiet' } as const;

export function AlertState({ state }: { state: Alert['state'] }) {
  const { t } = useTranslation('engineers');
  return <State kind={kinds[state]}>{t(`alertState.${state}`)}</State>;
}

export function AlertList({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('monitor');
  return (
    <ul className="alerts">
      {alerts.map(({ id, headline, message, state, action, openedAt, owner, active, reason, reasonMessage }) => (
        <li key={id}>
          <Link href={`~/alerts/${id}`}>{localize(headline, message)}</Link>
          <p>
            <AlertState state={state} />
            <ActionBadge action={action} />
            <span>{t('alerts.opened', { at: format.moment(openedAt) })}</span>
            {owner && <span>{t('by', { name: actorName(t, owner) })}</span>}
            {!active && <span>{t('alerts.notDetected')}</span>}
            {reason && <span>{localize(reason, reasonMessage)}</span>}
          </p>
        </li>
      ))}
    </ul>
  );
}
