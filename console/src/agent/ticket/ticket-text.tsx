import { Alert, Badge, Button, Skeleton, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ticket, WordWeight } from '../../service/api-types.js';
import { MarkedText } from '../replies/marked-text.js';
import { TicketBody } from './ticket-body.js';
import { When } from '../../ui/when.js';

/** What the customer wrote, as text and never as markup, and what the helpdesk knows about it. */
export function TicketText({
  ticket,
  words,
  isFolded,
}: {
  ticket: UseQueryResult<Ticket | null>;
  /** That are to be marked */
  words: readonly WordWeight[];
  /** Text and fields are there on demand only. */
  isFolded: boolean;
}) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const { data } = ticket;
  const isThere = Boolean(data);
  useEffect(() => {
    // The button that had the focus went away with the ticket before: who listens to the page goes on here.
    // A frame leaves the focus where the agent types.
    if (document.hasFocus() && document.activeElement === document.body)
      heading.current?.focus({ preventScroll: true });
  }, [isThere]);

  if (data === null) return <Alert color="gray">{t('ticket.notFound')}</Alert>;
  if (data === undefined) return ticket.isError ? <Failed ticket={ticket} /> : <Loading />;
  const wordsIn = (part: WordWeight['part']) => words.filter((word) => word.part === part);
  const fields = Object.entries(data.fields).filter(([, value]) => value !== null && value !== '');
  const facts = (
    <p className="facts">
      {data.channel !== null && <span>{data.channel}</span>}
      <When iso={data.occurredAt} />
      <span>
        {data.source} {data.ticketId}
      </span>
      {data.language !== null && <span>{data.language}</span>}
      {data.sample && (
        <Badge component="span" size="sm" variant="default" radius="sm">
          {t('queue.sample')}
        </Badge>
      )}
    </p>
  );
  const text = (
    <>
      <div className="ticket-body" lang={data.language ?? undefined} data-testid="ticket-body">
        {data.body ? (
          <TicketBody key={`${data.source} ${data.ticketId}`} ticket={data} words={wordsIn('body')} />
        ) : (
          <Text c="dimmed">{t('ticket.noText')}</Text>
        )}
      </div>
      {fields.length > 0 && (
        <dl className="fields" aria-label={t('ticket.fields')}>
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
  return (
    <article aria-labelledby="ticket-title">
      <h2 id="ticket-title" ref={heading} tabIndex={-1}>
        {data.subject ? (
          <MarkedText text={data.subject} words={wordsIn('subject')} />
        ) : (
          t('ticket.untitled', { id: data.ticketId })
        )}
      </h2>
      {!isFolded && facts}
      {data.state !== 'open' && (
        <Alert color="gray" mb="md">
          {t(`ticket.${data.state}`)}
        </Alert>
      )}
      {isFolded ? (
        <details className="folded">
          <summary>{t('ticket.showText')}</summary>
          {facts}
          {text}
        </details>
      ) : (
        text
      )}
    </article>
  );
}

function Failed({ ticket }: { ticket: UseQueryResult<Ticket | null> }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" role="alert" title={t('ticket.loadError')}>
      <Text size="sm">{ticket.error?.message}</Text>
      <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void ticket.refetch()}>
        {t('app.retry')}
      </Button>
    </Alert>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('ticket.loading')} className="loading">
      <Skeleton height={24} width="50%" />
      <Skeleton height={14} width="30%" />
      <Skeleton height={72} />
    </div>
  );
}
