import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Agreement } from './agreement.js';
import { Clusters } from './clusters.js';
import { useFormat } from '../../ui/format.js';
import { Empty, FigureHead, Loaded, PageBody, Section, Table } from '../../ui/parts.js';
import { labelQueueQuery, suspectedLabelsQuery } from '../queries.js';

/** Which labels would teach most, what no template answers, which labels are probably wrong, and where agents disagree. */
export default function LabelsPage() {
  const { t } = useTranslation('engineers');
  const queue = useQuery(labelQueueQuery);
  return (
    <PageBody title={t('labels.title')} description={t('labels.description')}>
      <Clusters />
      <Section title={t('labels.queue')} description={t('labels.queueDescription')}>
        <Loaded query={queue} lines={5}>
          {({ tickets }) => <Queue tickets={tickets} />}
        </Loaded>
      </Section>
      <Suspected />
      <Agreement />
    </PageBody>
  );
}

function Queue({
  tickets,
}: {
  tickets: { source: string; ticketId: string; subject: string; preview: string; uncertainty: number }[];
}) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  if (tickets.length === 0) return <Empty title={t('labels.noQueue')}>{t('labels.noQueueDescription')}</Empty>;
  return (
    <Table label={t('labels.queue')}>
      <thead>
        <tr>
          <th>{t('labels.ticket')}</th>
          <th>{t('labels.text')}</th>
          <FigureHead name={t('labels.uncertainty')} term="uncertainty" />
        </tr>
      </thead>
      <tbody>
        {tickets.map(({ source, ticketId, subject, preview, uncertainty }) => (
          <tr key={`${source}:${ticketId}`}>
            <td data-id title={`${source} ${ticketId}`}>
              {source} {ticketId}
            </td>
            <td>
              {subject && <b>{subject} </b>}
              {preview}
            </td>
            <td data-number>{format.share(uncertainty, 0)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Suspected() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const suspected = useQuery(suspectedLabelsQuery);
  return (
    <Section title={t('labels.suspected')} term="suspected-label-errors" description={t('labels.suspectedDescription')}>
      <Loaded query={suspected}>
        {({ items, modelVersion }) =>
          items.length === 0 ? (
            <Empty title={t(modelVersion === null ? 'labels.noModel' : 'labels.noSuspected')}>
              {modelVersion === null && <Link href="~/training">{t('models.goToTraining')}</Link>}
            </Empty>
          ) : (
            <Table label={t('labels.suspected')}>
              <thead>
                <tr>
                  <th>{t('labels.ticket')}</th>
                  <th>{t('labels.text')}</th>
                  <th>{t('labels.label')}</th>
                  <th>{t('report.predicted')}</th>
                </tr>
              </thead>
              <tbody>
                {items.map(({ source, ticketId, subject, preview, label, predicted, confidence, labelProbability }) => (
                  <tr key={`${source}:${ticketId}`}>
                    <td data-id title={`${source} ${ticketId}`}>
                      {source} {ticketId}
                    </td>
                    <td>
                      {subject && <b>{subject} </b>}
                      {preview}
                    </td>
                    <td>
                      {label} <span className="quiet">{format.share(labelProbability, 0)}</span>
                    </td>
                    <td>
                      {predicted} <span className="quiet">{format.share(confidence, 0)}</span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}
