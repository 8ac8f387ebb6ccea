import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ActionBadge } from './action-badge.js';
import { actorName } from '../../ui/actor-name.js';
import type { Alert } from '../api.js';
import { useFormat } from '../../ui/format.js';
import { State } from '../../ui/parts.js';
import { useSaid } from '../said.js';

const kinds = { open: 'bad', acknowledged: 'warn', snoozed: 'quiet', closed: 'quiet' } as const;

export function AlertState({ state }: { state: Alert['state'] }) {
  const { t } = useTranslation('engineers');
  return <State kind={kinds[state]}>{t(`alertState.${state}`)}</State>;
}

export function AlertList({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const said = useSaid('monitor');
  return (
    <ul className="alerts">
      {alerts.map(({ id, headline, saying, state, action, openedAt, owner, active, reason, reasonSaying }) => (
        <li key={id}>
          <Link href={`~/alerts/${id}`}>{said(headline, saying)}</Link>
          <p>
            <AlertState state={state} />
            <ActionBadge action={action} />
            <span>{t('alerts.opened', { at: format.moment(openedAt) })}</span>
            {owner && <span>{t('by', { name: actorName(t, owner) })}</span>}
            {!active && <span>{t('alerts.notSeen')}</span>}
            {reason && <span>{said(reason, reasonSaying)}</span>}
          </p>
        </li>
      ))}
    </ul>
  );
}
