import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ActionBadge } from './alerts/action-badge.js';
import { AlertList } from './alerts/alert-list.js';
import { gathered } from './alerts/alike-decisions.js';
import type { Quality } from './api.js';
import { useFormat, type Format } from '../ui/format.js';
import type { Estimate } from '../ui/interval.js';
import { TermInfo } from '../ui/glossary/term-info.js';
import type { GlossaryTerm } from '../ui/glossary/terms.js';
import { Empty, Loaded, PageBody, Section, State } from '../ui/parts.js';
import { useLocalize } from './service-messages.js';
import { alertsQuery, decisionsQuery, driftQuery, qualityQuery } from './queries.js';

const lastDecisions = 6;
const noSignals: string[] = [];

/** Quality of the last day, open alerts and recent decisions. */
export default function TodayPage() {
  const { t } = useTranslation('engineers');
  const quality = useQuery(qualityQuery(1));
  const alerts = useQuery(alertsQuery);
  const open = alerts.data?.items.filter(({ state }) => state === 'open');
  return (
    <PageBody
      title={t('today.title')}
      description={t('today.description')}
      actions={open && quality.data && <Verdict open={open.length} isMeasured={quality.data.now.tickets > 0} />}
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

function Verdict({ open, isMeasured }: { open: number; isMeasured: boolean }) {
  const { t } = useTranslation('engineers');
  const kind = open > 0 ? 'warn' : isMeasured ? 'good' : 'quiet';
  return (
    <State kind={kind}>
      <b>
        {open > 0
          ? t('today.openAlertCount', { count: open })
          : t(isMeasured ? 'today.noAlerts' : 'today.notEnoughData')}
      </b>
    </State>
  );
}

/** How many tickets the monitor has processed without an alert. */
function Watched() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const { data } = useQuery(driftQuery(noSignals, 1));
  if (!data) return null;
  if (!data.monitor) return t('today.nothingProcessed');
  if (!data.monitor.hasReference) return t('today.notMonitored');
  return t('today.processed', { count: data.monitor.tickets, tickets: format.number(data.monitor.tickets) });
}

type Measure = 'acceptance' | 'hits3' | 'coverage' | 'auditAccuracy' | 'calibration' | 'volume' | 'lag';
const measures: readonly { name: Measure; term: GlossaryTerm; write: (value: number, format: Format) => string }[] = [
  { name: 'acceptance', term: 'top-1-acceptance-rate', write: (value, { share }) => share(value) },
  { name: 'hits3', term: 'hit3', write: (value, { share }) => share(value) },
  { name: 'coverage', term: 'coverage', write: (value, { share }) => share(value) },
  { name: 'auditAccuracy', term: 'holdout-accuracy', write: (value, { share }) => share(value) },
  { name: 'calibration', term: 'calibration-gap', write: (value, { points }) => points(100 * value) },
  { name: 'volume', term: 'ticket-count', write: (value, { number }) => number(value) },
  { name: 'lag', term: 'time-to-suggestion', write: (value, { number }) => `${number(value, value < 10 ? 2 : 0)} s` },
];

function Tiles({ quality: { now, before, estimatedAccuracy, estimatedAccuracyBefore } }: { quality: Quality }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <ul className="tiles" aria-label={t('today.metrics')}>
      <Tile
        name={t('metric.estimatedAccuracy')}
        term="estimated-accuracy-no-labels"
        description={t('metricDescription.estimatedAccuracy')}
        now={estimatedAccuracy}
        before={estimatedAccuracyBefore}
        write={(value) => format.share(value)}
        missing={t('metricMissing.estimatedAccuracy')}
      />
      {measures.map(({ name, term, write }) => (
        <Tile
          key={name}
          name={t(`metric.${name}`)}
          term={term}
          isExact={name === 'volume'}
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
  term,
  description,
  now,
  before,
  write,
  missing,
  isExact = false,
}: {
  name: string;
  term: GlossaryTerm;
  description: string;
  now: Estimate | null;
  before: Estimate | null;
  write: (value: number) => string;
  /** Why there is no figure */
  missing: string;
  /** A count, which has no interval */
  isExact?: boolean;
}) {
  const { t } = useTranslation('engineers');
  const written = ({ value, low, high }: Estimate): string =>
    isExact ? write(value) : `${write(value)} (${write(low)} – ${write(high)})`;
  return (
    <li>
      <div className="ml-title">
        <h3>{name}</h3>
        <TermInfo term={term} name={name} />
      </div>
      {now ? (
        <p className="tile-value">
          <b>{write(now.value)}</b>
          {!isExact && (
            <small>
              {write(now.low)} – {write(now.high)}
            </small>
          )}
        </p>
      ) : (
        <p className="tile-none">{missing}</p>
      )}
      <p className="tile-before">
        {t('today.previous')} {before ? written(before) : t('today.noData')}
      </p>
      <p className="tile-description">{description}</p>
    </li>
  );
}

function LastDecisions() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('monitor');
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
                .map(({ newest: { id, decidedAt, action, reasons, messages }, oldest, count }) => (
                  <li key={id}>
                    <time dateTime={decidedAt}>{format.moment(decidedAt)}</time>
                    <span>
                      <ActionBadge action={action} messages={messages} />{' '}
                      {localize(reasons.at(-1) ?? '', messages.at(-1))}
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
