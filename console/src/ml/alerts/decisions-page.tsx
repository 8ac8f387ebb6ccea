import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ActionBadge } from './action-badge.js';
import { actorName } from '../../ui/actor-name.js';
import { gathered } from './alike-decisions.js';
import * as api from '../api.js';
import { Confirm } from '../../ui/confirm.js';
import { useFormat } from '../../ui/format.js';
import { Empty, Fact, Loaded, PageBody, Section, Table } from '../../ui/parts.js';
import { decisionsQuery, driftQuery, scheduleQuery } from '../queries.js';
import { useLocalize } from '../service-messages.js';

const noSignals: string[] = [];

/** The decision log with reasons, and the retraining schedule. */
export default function DecisionsPage() {
  const { t } = useTranslation('engineers');
  const decisions = useQuery(decisionsQuery);
  return (
    <PageBody
      title={t('decisions.title')}
      description={t('decisions.description')}
      actions={
        <>
          <Confirm
            label={t('decisions.check')}
            description={t('decisions.checkDescription')}
            run={() => api.decide('evaluation')}
          />
          <Confirm
            label={t('decisions.retrain')}
            variant="filled"
            description={t('decisions.retrainDescription')}
            run={() => api.decide('retraining')}
          />
        </>
      }
    >
      <Times />
      <Reweighting />
      <Section title={t('decisions.log')}>
        <Loaded query={decisions} lines={6}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={t('decisions.none')}>{t('decisions.noneDescription')}</Empty>
            ) : (
              <Log decisions={items} />
            )
          }
        </Loaded>
      </Section>
    </PageBody>
  );
}

function Times() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const schedule = useQuery(scheduleQuery);
  return (
    <Section title={t('decisions.schedule')}>
      <Loaded query={schedule} lines={2}>
        {({ pattern, next, lastEvaluation, coolDownHours, minLabels, minLoss }) => (
          <dl className="facts-grid">
            <Fact name={t('decisions.nextRun')}>{next ? format.moment(next) : t('decisions.noSchedule')}</Fact>
            <Fact name={t('decisions.cron')}>{pattern ? <code>{pattern}</code> : t('decisions.notConfigured')}</Fact>
            <Fact name={t('decisions.lastRun')}>{lastEvaluation ? format.moment(lastEvaluation) : '–'}</Fact>
            <Fact name={t('decisions.minLabels')} term="new-labels">
              {format.number(minLabels)}
            </Fact>
            <Fact name={t('decisions.minLoss')} term="retraining-threshold">
              {format.points(100 * minLoss)}
            </Fact>
            <Fact name={t('decisions.coolDown')} term="cool-down">
              {format.number(coolDownHours)} h
            </Fact>
          </dl>
        )}
      </Loaded>
    </Section>
  );
}

function Reweighting() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const { data } = useQuery(driftQuery(noSignals, 1));
  const weights = data?.reweighting;
  if (!weights) return null;
  return (
    <Section
      title={t('decisions.priorCorrection')}
      term="prior-correction"
      description={t('decisions.priorCorrectionDescription', { at: format.moment(weights.startedAt) })}
      aside={
        <Confirm
          label={t('decisions.revert')}
          description={t('decisions.revertDescription')}
          run={() => api.revert(weights.decision)}
        />
      }
    >
      <ul className="words">
        {Object.entries(weights.weights).map(([template, weight]) => (
          <li key={template}>
            <b>{template}</b> × {format.number(weight, 2)}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Log({ decisions }: { decisions: readonly api.Decision[] }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('monitor');
  return (
    <Table label={t('decisions.log')}>
      <thead>
        <tr>
          <th>{t('decisions.time')}</th>
          <th>{t('decisions.action')}</th>
          <th>{t('decisions.reasons')}</th>
          <th>{t('training.triggeredBy')}</th>
          <th>{t('decisions.alert')}</th>
        </tr>
      </thead>
      <tbody>
        {gathered(decisions).map(
          ({ newest: { id, decidedAt, action, reasons, messages, requestedBy, alert }, oldest, count }) => (
            <tr key={id}>
              <td data-fixed>
                {format.moment(decidedAt)}
                {count > 1 && <small>{t('decisions.repeated', { count, at: format.moment(oldest.decidedAt) })}</small>}
              </td>
              <td data-fixed>
                <ActionBadge action={action} messages={messages} />
              </td>
              <td>
                <ul className="reasons">
                  {reasons.map((reason, at) => (
                    <li key={reason}>{localize(reason, messages[at])}</li>
                  ))}
                </ul>
              </td>
              <td data-fixed>{actorName(t, requestedBy)}</td>
              <td data-fixed>
                {alert !== null && <Link href={`~/alerts/${alert}`}>{t('alerts.one', { id: alert })}</Link>}
              </td>
            </tr>
          ),
        )}
      </tbody>
    </Table>
  );
}
