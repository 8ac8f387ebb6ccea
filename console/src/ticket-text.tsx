import { Alert, Badge, Button, Skeleton, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Ticket } from './api-types.js';
import { When } from './when.js';

const closed: Record<Ticket['state'], string | null> = {
  open: null,
  answered: 'This ticket has been answered.',
  closed: 'This ticket has been closed.',
};

/** What the customer wrote, as text and never as markup, and what the helpdesk knows about it. */
export function TicketText({ ticket }: { ticket: UseQueryResult<Ticket | null> }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { data } = ticket;
  const isThere = Boolean(data);
  useEffect(() => {
    // The button that had the focus went away with the ticket before: who listens to the page goes on here.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [isThere]);

  if (data === null) return <Alert color="gray">This ticket is not there any more.</Alert>;
  if (data === undefined) return ticket.isError ? <Failed ticket={ticket} /> : <Loading />;
  const notOpen = closed[data.state];
  const fields = Object.entries(data.fields).filter(([, value]) => value !== null && value !== '');
  return (
    <article aria-labelledby="ticket-title">
      <h2 id="ticket-title" ref={heading} tabIndex={-1}>
        {data.subject || `Ticket ${data.ticketId}`}
      </h2>
      <p className="facts">
        {data.channel !== null && <span>{data.channel}</span>}
        <When iso={data.occurredAt} />
        <span>
          {data.source} {data.ticketId}
        </span>
        {data.language !== null && <span lang="en">{data.language}</span>}
        {data.sample && (
          <Badge component="span" size="sm" variant="default" radius="sm">
            sample
          </Badge>
        )}
      </p>
      {notOpen !== null && (
        <Alert color="gray" mb="md">
          {notOpen}
        </Alert>
      )}
      <div className="ticket-body" lang={data.language ?? undefined} data-testid="ticket-body">
        {data.body || <Text c="dimmed">No text</Text>}
      </div>
      {fields.length > 0 && (
        <dl className="fields" aria-label="Fields">
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </article>
  );
}

function Failed({ ticket }: { ticket: UseQueryResult<Ticket | null> }) {
  return (
    <Alert color="red" role="alert" title="The ticket can't be read">
      <Text size="sm">{ticket.error?.message}</Text>
      <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void ticket.refetch()}>
        Try again
      </Button>
    </Alert>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading the ticket" className="loading">
      <Skeleton height={24} width="50%" />
      <Skeleton height={14} width="30%" />
      <Skeleton height={72} />
    </div>
  );
}
