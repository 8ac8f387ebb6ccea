import { Alert, Badge, Button, Skeleton, Text, UnstyledButton } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketPath, TicketRow } from './api-types.js';
import { likelihood } from './likelihood.js';
import { idOf, sameTicket } from './ticket-path.js';
import { When } from './when.js';

export function Queue({
  queue,
  tickets,
  selected,
  onOpen,
}: {
  queue: Pick<
    UseInfiniteQueryResult,
    'isPending' | 'isError' | 'error' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage' | 'refetch'
  >;
  tickets: TicketRow[];
  selected: TicketPath | null;
  onOpen: (ticket: TicketPath) => void;
}) {
  const { t } = useTranslation();
  return (
    <nav className="queue" aria-labelledby="queue-title">
      <h2 id="queue-title">
        {t('queue.title')}{' '}
        {!queue.isPending && <span className="count">{`${tickets.length}${queue.hasNextPage ? '+' : ''}`}</span>}
      </h2>
      {queue.isPending && <Loading />}
      {queue.isError && tickets.length === 0 && (
        <Alert color="red" m="md" role="alert" title={t('queue.unreadable')}>
          <Text size="sm">{queue.error?.message}</Text>
          <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void queue.refetch()}>
            {t('app.tryAgain')}
          </Button>
        </Alert>
      )}
      <ul>
        {tickets.map((ticket) => (
          <Row key={idOf(ticket)} ticket={ticket} isSelected={sameTicket(ticket, selected)} onOpen={onOpen} />
        ))}
      </ul>
      {!queue.isPending && !queue.isError && tickets.length === 0 && (
        <Text c="dimmed" p="lg" ta="center">
          {t('queue.empty')}
        </Text>
      )}
      {queue.hasNextPage && (
        <Button
          className="more"
          variant="subtle"
          loading={queue.isFetchingNextPage}
          onClick={() => void queue.fetchNextPage()}
        >
          {t('queue.more')}
        </Button>
      )}
    </nav>
  );
}

function Row({
  ticket,
  isSelected,
  onOpen,
}: {
  ticket: TicketRow;
  isSelected: boolean;
  onOpen: (ticket: TicketPath) => void;
}) {
  const { t } = useTranslation();
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isSelected) return;
    row.current?.scrollIntoView({ block: 'nearest' });
    // Whoever walks the queue with the focus in it keeps it there.
    if (document.activeElement?.closest('.queue ul')) row.current?.focus({ preventScroll: true });
  }, [isSelected]);
  return (
    <li>
      <UnstyledButton ref={row} className="row" aria-current={isSelected || undefined} onClick={() => onOpen(ticket)}>
        <span className="row-head">
          <span className="row-subject" data-text={ticket.subject === '' || undefined}>
            {ticket.subject || ticket.preview}
          </span>
          <When iso={ticket.receivedAt} />
        </span>
        {ticket.subject !== '' && <span className="row-preview">{ticket.preview}</span>}
        <span className="row-foot">
          <Best suggestion={ticket.suggestion} />
          {ticket.channel !== null && <span className="row-channel">{ticket.channel}</span>}
          {ticket.sample && (
            <Badge component="span" size="xs" variant="default" radius="sm">
              {t('queue.sample')}
            </Badge>
          )}
        </span>
      </UnstyledButton>
    </li>
  );
}

function Best({ suggestion }: Pick<TicketRow, 'suggestion'>) {
  const { t } = useTranslation();
  if (suggestion === null) return <span className="row-best">{t('queue.ranking')}</span>;
  if (suggestion.title === null)
    return <span className="row-best">{suggestion.abstained ? t('queue.noSuggestion') : t('queue.noneAllowed')}</span>;
  return (
    <span className="row-best" data-found="">
      <span className="row-title">{suggestion.title}</span>
      {suggestion.probability !== null && <span className="row-percent">{likelihood(t, suggestion.probability)}</span>}
    </span>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('queue.loading')} className="loading">
      {[0, 1, 2, 3, 4, 5].map((line) => (
        <Skeleton key={line} height={56} radius="sm" />
      ))}
    </div>
  );
}
