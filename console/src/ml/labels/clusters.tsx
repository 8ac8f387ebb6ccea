import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Loaded, Section } from '../../ui/parts.js';
import { labelQueueQuery } from '../queries.js';

/** Tickets that nothing was suggested for, by what they are about. */
export function Clusters({ aside }: { aside?: ReactNode }) {
  const { t } = useTranslation('engineers');
  const queue = useQuery(labelQueueQuery);
  return (
    <Section
      title={t('labels.clusters')}
      term="unanswered-topics"
      description={t('labels.clustersDescription')}
      aside={aside}
    >
      <Loaded query={queue}>
        {({ clusters }) =>
          clusters.length === 0 ? (
            <Empty title={t('labels.noClusters')}>{t('labels.noClustersDescription')}</Empty>
          ) : (
            <ul className="clusters">
              {clusters.map(({ words, tickets, examples }) => (
                <li key={JSON.stringify(examples[0])}>
                  <p>
                    <b>{t('labels.cluster', { count: tickets })}</b> {words.join(' · ')}
                  </p>
                  <ul className="examples">
                    {examples.slice(0, 3).map(({ source, ticketId, subject, preview }) => (
                      <li key={`${source}:${ticketId}`}>
                        {subject && <b>{subject}</b>}
                        <p>{preview}</p>
                      </li>
                    ))}
                  </ul>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}
