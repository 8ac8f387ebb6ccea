import { Alert, Badge, Button, Skeleton, Text, UnstyledButton } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketPath, TicketRow } from '../../service/api-types.js';
import { likelihood } from '../replies/likelihood.js';
import { QueueFilters } from './queue-filters.js';
import { filterNames, type QueueView } from '../../service/queue-view.js';
import { idOf, sameTicket } from '../../service/ticket-path.js';
import { When } from '../../ui/when.js';

/** All rows are of one height, `.row` in page.css: rows that are measured after they are drawn overlap while tickets arrive. */
const rowHeightRem = 5.75;
/** So many rows before the end the next page is asked for. */
const rowsBeforeMore = 40;

export function Queue({
  queue,
  tickets,
  selected,
  view,
  onView,
  onOpen,
}: {
  queue: Pick<
    UseInfiniteQueryResult,
    'isPending' | 'isError' | 'error' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage' | 'refetch'
  >;
  tickets: TicketRow[];
  selected: TicketPath | null;
  view: QueueView;
  onView: (view: QueueView) => void;
  onOpen: (ticket: TicketPath) => void;
}) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLElement>(null);
  const rowHeight = useMemo(() => rowHeightRem * rootFontSize(), []);
  // eslint-disable-next-line react-hooks/incompatible-library -- what it returns is used here and nowhere else
  const rows = useVirtualizer({
    count: tickets.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => (tickets[index] ? idOf(tickets[index]) : index),
    overscan: 8,
  });
  const place = useMemo(() => tickets.findIndex((ticket) => sameTicket(ticket, selected)), [tickets, selected]);
  const isThere = place >= 0;
  const chosen = selected && idOf(selected);
  useEffect(() => {
    if (isThere) rows.scrollToIndex(place, { align: 'auto' });
    // Only when the selection changes: an arriving ticket must not scroll a reader back to it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isThere, chosen]);
  const shown = rows.getVirtualItems();
  const topIndex = shown.find(({ end }) => end > (rows.scrollOffset ?? 0))?.index;
  const kept = useRef<{ id: string; index: number } | null>(null);
  useLayoutEffect(() => {
    const [list, before] = [scroller.current, kept.current];
    // New tickets show at the top; further down, rows keep their place.
    if (!list || !before || list.scrollTop < rowHeight) return;
    const index = tickets.findIndex((ticket) => idOf(ticket) === before.id);
    if (index >= 0) list.scrollTop += (index - before.index) * rowHeight;
  }, [tickets, rowHeight]);
  useEffect(() => {
    const ticket = topIndex === undefined ? undefined : tickets[topIndex];
    kept.current = ticket && topIndex !== undefined ? { id: idOf(ticket), index: topIndex } : null;
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = queue;
  const isNearEnd = (shown.at(-1)?.index ?? 0) >= tickets.length - 1 - rowsBeforeMore;
  useEffect(() => {
    if (hasNextPage && isNearEnd && !isFetchingNextPage && tickets.length > 0) void fetchNextPage();
  }, [hasNextPage, isNearEnd, isFetchingNextPage, fetchNextPage, tickets.length]);
  return (
    <nav ref={scroller} className="queue" aria-labelledby="queue-title">
      <h2 id="queue-title">
        {t('queue.title')}{' '}
        {!queue.isPending && <span className="count">{`${tickets.length}${queue.hasNextPage ? '+' : ''}`}</span>}
      </h2>
      <QueueFilters view={view} onChange={onView} />
      {queue.isPending && <Loading />}
      {queue.isError && tickets.length === 0 && (
        <Alert color="red" m="md" role="alert" title={t('queue.loadError')}>
          <Text size="sm">{queue.error?.message}</Text>
          <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void queue.refetch()}>
            {t('app.retry')}
          </Button>
        </Alert>
      )}
      <ul style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, key, start }) => {
          const ticket = tickets[index];
          if (!ticket) return null;
          return (
            <li
              key={key}
              aria-setsize={hasNextPage ? -1 : tickets.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Row ticket={ticket} isSelected={index === place} onOpen={onOpen} />
            </li>
          );
        })}
      </ul>
      {!queue.isPending && !queue.isError && tickets.length === 0 && (
        <Text c="dimmed" p="lg" ta="center">
          {isFiltered(view) ? t('queue.noMatches') : t('queue.empty')}
        </Text>
      )}
    </nav>
  );
}

/** Memoized: scrolling renders the rows around it. */
const Row = memo(function Row({
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
    // Keyboard navigation keeps the focus inside the queue.
    if (document.activeElement?.closest('.queue ul')) row.current?.focus({ preventScroll: true });
  }, [isSelected]);
  return (
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
  );
});

function Best({ suggestion }: Pick<TicketRow, 'suggestion'>) {
  const { t } = useTranslation();
  if (suggestion === null) return <span className="row-best">{t('queue.ranking')}</span>;
  if (suggestion.title === null)
    return (
      <span className="row-best">{suggestion.abstained ? t('queue.noSuggestion') : t('queue.noActiveReply')}</span>
    );
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

/** px; larger where a reader has chosen larger text */
const rootFontSize = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize);

const isFiltered = (view: QueueView): boolean => filterNames.some((name) => view[name] !== null);
