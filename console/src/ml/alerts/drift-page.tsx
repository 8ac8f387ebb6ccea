import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { AlertList } from './alert-list.js';
import type { Drift } from '../api.js';
import { Findings } from './findings.js';
import { useFormat } from '../../ui/format.js';
import { Empty, Fact, Loaded, PageBody, Section } from '../../ui/parts.js';
import { alertsQuery, driftQuery } from '../queries.js';
import { SignalCard } from './signal-card.js';

const periods = ['1', '7', '28'] as const;
const noSignals: string[] = [];
/** The service has them by their evidence, the strongest first. */
const maxSlices = 12;

/** Every signal over time against its reference. */
export default function DriftPage() {
  const { t } = useTranslation('engineers');
  const [days, setDays] = useState<(typeof periods)[number]>('7');
  const now = useQuery(driftQuery(noSignals, 1));
  const names = [...new Set(now.data?.signals.filter(({ slice }) => slice.by === 'all').map(({ signal }) => signal))];
  const drift = useQuery({ ...driftQuery(names, Number(days)), enabled: now.data !== undefined });
  return (
    <PageBody
      title={t('drift.title')}
      description={t('drift.description')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('drift.period')}
          value={days}
          onChange={(value) => setDays(periods.find((one) => one === value) ?? '7')}
          data={periods.map((value) => ({ value, label: t(`drift.days.${value}`) }))}
        />
      }
    >
      <Loaded query={drift} lines={6}>
        {(data) => <Signals drift={data} />}
      </Loaded>
    </PageBody>
  );
}

function Signals({ drift }: { drift: Drift }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const alerts = useQuery(alertsQuery);
  const active = alerts.data?.items.filter(({ state, active: seen }) => state !== 'closed' && seen) ?? [];
  const { monitor, signals, series } = drift;
  if (!monitor?.hasReference || signals.length === 0) {
    return (
      <Section title={t('drift.signals')}>
        <Empty title={t(monitor && !monitor.hasReference ? 'drift.noReference' : 'drift.noData')}>
          {t(monitor && !monitor.hasReference ? 'drift.noReferenceDescription' : 'drift.noDataDescription')}{' '}
          <Link href="~/training">{t('models.goToTraining')}</Link>
        </Empty>
      </Section>
    );
  }
  const ofAll = signals.filter(({ slice }) => slice.by === 'all');
  const ofSlices = signals.filter(({ slice }) => slice.by !== 'all');
  return (
    <>
      <Section title={t('drift.monitorStatus')} term="drift-reference">
        <dl className="facts-grid">
          <Fact name={t('models.version')}>
            <span className="version">{drift.modelVersion}</span>
          </Fact>
          <Fact name={t('drift.since')}>{format.moment(monitor.since)}</Fact>
          <Fact name={t('drift.lastRun')} term="tick">
            {monitor.lastRunAt ? format.moment(monitor.lastRunAt) : '–'}
          </Fact>
          <Fact name={t('drift.processed')} term="tickets-processed">
            {format.number(monitor.tickets)}
          </Fact>
          <Fact name={t('drift.backlog')} term="tickets-processed">
            {format.number(drift.backlog)}
          </Fact>
        </dl>
      </Section>
      {active.length > 0 && (
        <Section title={t('drift.activeAlerts')} description={t('drift.activeAlertsDescription')}>
          <AlertList alerts={active} />
        </Section>
      )}
      <div className="signals">
        {ofAll.map((finding) => (
          <SignalCard
            key={finding.signal}
            finding={finding}
            points={series.find(({ signal }) => signal === finding.signal)?.points ?? []}
          />
        ))}
      </div>
      {ofSlices.length > 0 && (
        <Section title={t('drift.slices')} description={t('drift.slicesDescription')}>
          <Findings findings={ofSlices.slice(0, maxSlices)} label={t('drift.slices')} />
        </Section>
      )}
    </>
  );
}
