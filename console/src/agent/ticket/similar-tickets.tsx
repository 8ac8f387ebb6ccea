import { Alert, Button, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketPath } from '../../service/api-types.js';
import { similarQuery } from '../../service/queries.js';
import { idOf } from '../../service/ticket-path.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import { When } from '../../ui/when.js';

/** Past tickets that are like this one, and what they were answered with. */
export function SimilarTickets({ path }: { path: TicketPath }) {
  const { t } = useTranslation();
  const similar = useQuery(similarQuery(path));
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), [similar.isPending]);
  return (
    <section ref={section} className="similar" aria-labelledby="similar-title" aria-busy={similar.isPending}>
      <header className="replies-head">
        <h3 id="similar-title">{t('similar.title')}</h3>
        <TermInfo term="similarity" name={t('similar.title')} />
      </header>
      {similar.isPending && <Skeleton height={72} role="status" aria-label={t('app.loading')} />}
      {similar.isError && (
        <Alert color="red" role="alert" title={t('similar.loadError')}>
          <Text size="sm">{similar.error.message}</Text>
          <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void similar.refetch()}>
            {t('app.retry')}
          </Button>
        </Alert>
      )}
      {similar.data?.length === 0 && (
        <Text c="dimmed" size="sm" role="status">
          {t('similar.empty')}
        </Text>
      )}
      <ol>
        {similar.data?.map((ticket) => (
          <li key={idOf(ticket)}>
            <p className="similar-text">
              {ticket.subject && <b>{ticket.subject} </b>}
              {ticket.preview}
            </p>
            <p className="similar-answer">
              <span>→ {ticket.title ?? ticket.templateId}</span>
              <span>{t('similar.similarity', { percent: Math.round(100 * Math.max(0, ticket.similarity)) })}</span>
              <When iso={ticket.answeredAt} />
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
