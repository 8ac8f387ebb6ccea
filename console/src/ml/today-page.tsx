import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ActionBadge } from './alerts/action-badge.js';
import { AlertList } from './alerts/alert-list.js';
import { gathered } from './alerts/alike-decisions.js';
import type { Quality } from './api.js';
import { useFormat, type Format } from '../ui/format.js';
import type { Estimate } from '../ui/interval.js';
import { Empty, Loaded, PageBody, Section, State } from '../ui/parts.js';
import { alertsQuery, decisionsQuery, driftQuery, qualityQuery } from './queries.js';

const lastDecisions = 6;
const noSignals: string[] = [];

/** Is it well? */
export default function TodayPage() {
  const { t } = useTranslation('engineers');
  const quality = useQuery(qualityQuery(1));
  const alerts = useQuery(alertsQuery);
  const open = alerts.data?.items.filter(({ state }) => state === 'open');
  return (
    <PageBody
      title={t('today.title')}
      description={t('today.description')}
      actions={open && <Verdict open={open.length} />}
    >
      <Loaded query={quality} lines={4}>
        {(data) => <Tiles quality={data} />}
      </Loaded>
      <div className="ml-columns">
        <Section title={t('today.openAlerts')} aside={<Link href="~/alerts">{t('today.allAlerts')}</Link>}>
          <Loaded query={alerts}>
            {() =>
              open && open.length > 0 ? (
                <AlertList alerts={open} />
              ) : (
                <Empty title={t('today.noAlerts')}>
                  <Watched />
                </Empty>
              )
            }
          </Loaded>
        </Section>
        <LastDecisions />
      </div>
    </PageBody>
  );
}

function Verdict({ open }: { open: number }) {
  const { t } = useTranslation('engineers');
  return (
    <State kind={open === 0 ? 'good' : 'warn'}>
      <b>{open === 0 ? t('today.well') : t('today.openAlertCount', { count: open })}</b>
    </State>
  );
}

/** How much stands behind the silence. */
function Watched() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const { data } = useQuery(driftQuery(noSignals, 1));
  if (!data) return null;
  if (!data.watched) return t('today.nothingProcessed');
  if (!data.watched.reference) return t('today.notMonitored');
  return t('today.processed', { count: data.watched.tickets, tickets: format.number(data.watched.tickets) });
}

type Measure = 'acceptance' | 'hits3' | 'coverage' | 'auditAccuracy' | 'calibration' | 'volume' | 'lag';
const measures: readonly { name: Measure; write: (value: number, format: Format) => string }[] = [
  { name: 'acceptance', write: (value, { share }) => share(value) },
  { name: 'hits3', write: (value, { share }) => share(value) },
  { name: 'coverage', write: (value, { share }) => share(value) },
  { name: 'auditAccuracy', write: (value, { share }) => share(value) },
  { name: 'calibration', write: (value, { points }) => points(100 * value) },
  { name: 'volume', write: (value, { number }) => number(value) },
  { name: 'lag', write: (value, { number }) => `${number(value, value < 10 ? 2 : 0)} s` },
];

function Tiles({ quality: { now, before, estimatedAccuracy, estimatedAccuracyBefore } }: { quality: Quality }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <ul className="tiles" aria-label={t('today.metrics')}>
      <Tile
        name={t('metric.estimatedAccuracy')}
        description={t('metricDescription.estimatedAccuracy')}
        now={estimatedAccuracy}
        before={estimatedAccuracyBefore}
        write={(value) => format.share(value)}
        missing={t('metricMissing.estimatedAccuracy')}
      />
      {measures.map(({ name, write }) => (
        <Tile
          key={name}
          name={t(`metric.${name}`)}
          description={t(`metricDescription.${name}`)}
          now={now[name]}
          before={before[name]}
          write={(value) => write(value, format)}
          missing={t(`metricMissing.${name}`)}
        />
      ))}
    </ul>
  );
}

function Tile({
  name,
  description,
  now,
  before,
  write,
  missing,
}: {
  name: string;
  description: string;
  now: Estimate | null;
  before: Estimate | null;
  write: (value: number) => string;
  /** Why there is no figure */
  missing: string;
}) {
  const { t } = useTranslation('engineers');
  return (
    <li>
      <h3>{name}</h3>
      {now ? (
        <p className="tile-value">
          <b>{write(now.value)}</b>
          <small>
            {write(now.low)} – {write(now.high)}
          </small>
        </p>
      ) : (
        <p className="tile-none">{missing}</p>
      )}
      <p className="tile-before">
        {t('today.previous')}{' '}
        {before ? `${write(before.value)} (${write(before.low)} – ${write(before.high)})` : t('today.noData')}
      </p>
      <p className="tile-description">{description}</p>
    </li>
  );
}

function LastDecisions() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const decisions = useQuery(decisionsQuery);
  return (
    <Section title={t('today.decisions')} aside={<Link href="~/decisions">{t('today.allDecisions')}</Link>}>
      <Loaded query={decisions}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('decisions.none')}>{t('decisions.noneDescription')}</Empty>
          ) : (
            <ol className="history">
              {gathered(items)
                .slice(0, lastDecisions)
                .map(({ newest: { id, decidedAt, action, reasons }, oldest, count }) => (
                  <li key={id}>
                    <time dateTime={decidedAt}>{format.moment(decidedAt)}</time>
                    <span>
                      <ActionBadge action={action} /> {reasons.at(-1)}
                      {count > 1 && (
                        <small>{t('decisions.repeated', { count, at: format.moment(oldest.decidedAt) })}</small>
                      )}
                    </span>
                  </li>
                ))}
            </ol>
          )
        }
      </Loaded>
    </Section>
  );
}
