import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ActionBadge } from './action-badge.js';
import { actorName } from '../../ui/actor-name.js';
import { AlertActions } from './alert-actions.js';
import { AlertEvidence } from './alert-evidence.js';
import { AlertState } from './alert-list.js';
import type { AlertDetail } from '../api.js';
import { Findings } from './findings.js';
import { useFormat } from '../../ui/format.js';
import { Fact, Loaded, PageBody, Section } from '../../ui/parts.js';
import { alertQuery } from '../queries.js';
import { useLocalize } from '../service-messages.js';

/** One alert: what was found, how it shows, and what was done about it. */
export function AlertPage({ id }: { id: number }) {
  const { t } = useTranslation('engineers');
  const alert = useQuery(alertQuery(id));
  const localize = useLocalize('monitor');
  return (
    <PageBody
      title={alert.data ? localize(alert.data.headline, alert.data.message) : t('alerts.one', { id })}
      description={<Link href="/">{t('alerts.back')}</Link>}
      actions={alert.data && <AlertActions alert={alert.data} />}
    >
      <Loaded query={alert} lines={6}>
        {(data) => (
          <>
            <Facts alert={data} />
            <AlertEvidence alert={data} />
            <Section title={t('alerts.findings')} description={t('alerts.findingsDescription')}>
              <Findings findings={data.findings} label={t('alerts.findings')} />
            </Section>
            <History alert={data} />
          </>
        )}
      </Loaded>
    </PageBody>
  );
}

function Facts({ alert }: { alert: AlertDetail }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <Section title={t('alerts.status')} description={t(`actionDescription.${alert.action}`)}>
      <dl className="facts-grid">
        <Fact name={t('training.status')}>
          <AlertState state={alert.state} />
        </Fact>
        <Fact name={t('alerts.action')}>
          <ActionBadge action={alert.action} />
        </Fact>
        <Fact name={t('alerts.openedAt')}>{format.moment(alert.openedAt)}</Fact>
        <Fact name={t('alerts.lastSeen')}>
          {format.moment(alert.seenAt)}
          {!alert.active && ` · ${t('alerts.notDetected')}`}
        </Fact>
        <Fact name={t('alerts.owner')}>
          {alert.owner === null ? t('alerts.unassigned') : actorName(t, alert.owner)}
        </Fact>
        {alert.snoozedUntil && <Fact name={t('alerts.snoozedUntil')}>{format.moment(alert.snoozedUntil)}</Fact>}
        <Fact name={t('models.version')}>
          <span className="version">{alert.modelVersion}</span>
        </Fact>
      </dl>
    </Section>
  );
}

function History({ alert: { history } }: { alert: AlertDetail }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('monitor');
  return (
    <Section title={t('alerts.timeline')}>
      <ol className="history">
        {history.map(({ at, kind, actor, reason, message }) => (
          <li key={`${at}${kind}`}>
            <time dateTime={at}>{format.moment(at)}</time>
            <span>
              {t(`alertEvent.${kind}`)} <span className="quiet">{t('by', { name: actorName(t, actor) })}</span>
              {reason && <small>{localize(reason, message)}</small>}
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
