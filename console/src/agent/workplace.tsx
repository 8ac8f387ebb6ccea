import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { Actor, Suggestion, Ticket, TicketPath, TicketRow } from '../service/api-types.js';
import { Banners } from './banners.js';
import { choiceOf, useChoices, type Decision } from './replies/choices.js';
import { copyText } from './replies/delivery.js';
import type { Connection } from '../service/live.js';
import { queueQuery, suggestionQuery, ticketQuery } from '../service/queries.js';
import { useQueueView } from '../service/queue-view.js';
import { Queue } from './queue/queue.js';
import { StoredTicketPane } from './ticket/stored-ticket-pane.js';
import { idOf, pathOf, sameTicket } from '../service/ticket-path.js';

/** The queue on the left, one ticket of it on the right; on a narrow screen one of the two. */
export function Workplace({ actor, connection }: { actor: Actor; connection: Connection }) {
  const client = useQueryClient();
  const [view, setView] = useQueueView();
  const queue = useInfiniteQuery(queueQuery(view));
  const [selected, setSelected] = useState<TicketPath | null>(null);
  const [shown, setShown] = useState<'queue' | 'ticket'>('queue');
  const choices = useChoices(copyText, (ticket) => open(ticket));

  const pages = queue.data?.pages;
  const loaded = useMemo(() => distinct(pages?.flatMap(({ items }) => items) ?? []), [pages]);
  const leaving = choices.waiting.filter(({ body }) => body.retracts === null);
  const tickets =
    leaving.length === 0
      ? loaded
      : loaded.filter((ticket) => !leaving.some((choice) => sameTicket(choice.ticket, ticket)));
  const place = tickets.findIndex((ticket) => sameTicket(ticket, selected));
  if (selected === null && tickets[0]) setSelected(pathOf(tickets[0]));

  const following = tickets[place + 1] ?? null;
  useEffect(() => {
    if (!following) return;
    // What fails here is fetched again, and its failure shown, when the ticket is opened.
    client.query(ticketQuery(following)).catch(() => undefined);
    client.query(suggestionQuery(following)).catch(() => undefined);
  }, [client, following]);

  function open(ticket: TicketPath): void {
    setSelected(pathOf(ticket));
    setShown('ticket');
  }
  const move = (by: 1 | -1): void => {
    const ticket = place < 0 ? tickets[0] : tickets[place + by];
    if (ticket) setSelected(pathOf(ticket));
  };
  const decide = (ticket: Ticket, suggestion: Suggestion | null, decision: Decision): void => {
    const next = tickets[place + 1] ?? tickets[place - 1] ?? null;
    choices.choose(choiceOf(ticket, suggestion, decision), decision.text);
    setSelected(next && pathOf(next));
    if (!next) setShown('queue');
  };

  return (
    <div className="workplace" data-shown={shown}>
      <Banners connection={connection} choices={choices} />
      <Queue queue={queue} tickets={tickets} selected={selected} view={view} onView={setView} onOpen={open} />
      <StoredTicketPane
        key={selected && idOf(selected)}
        path={selected}
        isQueueEmpty={queue.isSuccess && tickets.length === 0}
        mayChoose={actor.role !== 'ml'}
        mayBlock={actor.role === 'lead' || actor.role === 'admin'}
        last={choices.last}
        onDecide={decide}
        onUndo={choices.undo}
        onMove={move}
        onBack={() => setShown('queue')}
      />
    </div>
  );
}

/** Pages that were fetched one after the other may overlap when a ticket came back in between. */
const distinct = (rows: TicketRow[]): TicketRow[] => [...new Map(rows.map((row) => [idOf(row), row])).values()];
