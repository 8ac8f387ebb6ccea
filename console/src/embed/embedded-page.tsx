import { Alert, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Actor, Suggestion, Ticket } from '../service/api-types.js';
import { Banners } from '../agent/banners.js';
import { choiceOf, useChoices, type Decision } from '../agent/replies/choices.js';
import { copyText, type Deliver, type Delivery } from '../agent/replies/delivery.js';
import { useLive } from '../service/live.js';
import { ticketQuery } from '../service/queries.js';
import { StoredTicketPane } from '../agent/ticket/stored-ticket-pane.js';
import { nowhere } from '../agent/ticket/ticket-pane.js';
import { idOf, sameTicket } from '../service/ticket-path.js';
import { EmbeddedHeader } from './embedded-header.js';
import type { Host } from './host-ticket.js';
import { UnrecordedTicketPane } from './unrecorded-ticket-pane.js';

/** The ticket that is open in the helpdesk, with the replies for it. */
export function EmbeddedPage({ actor, host }: { actor: Actor; host: Host }) {
  const { t } = useTranslation();
  const connection = useLive(useQueryClient());
  const path = host.ticket?.path ?? null;
  const known = useQuery({ ...ticketQuery(path ?? nowhere), enabled: path !== null });
  /** A reply that could be handed over in no way but by hand */
  const [leftOver, setLeftOver] = useState<string | null>(null);
  const [unrecorded, setUnrecorded] = useState<{ ticket: string; delivered: Delivery | null } | null>(null);
  const [decisions, setDecisions] = useState(0);

  const deliver: Deliver = async (text) => {
    const delivered = await host.deliver(text);
    setLeftOver(delivered === null ? text : null);
    return delivered;
  };
  const choices = useChoices(deliver, () => setLeftOver(null));
  const last = choices.last && sameTicket(choices.last.ticket, path) ? choices.last : null;
  const isWaiting = choices.waiting.some(({ ticket, body }) => body.retracts === null && sameTicket(ticket, path));

  const decide = (ticket: Ticket, suggestion: Suggestion | null, decision: Decision): void => {
    setDecisions(decisions + 1);
    choices.choose(choiceOf(ticket, suggestion, decision), decision.text);
  };
  const takeUnrecorded = (ticket: Ticket, _suggestion: Suggestion | null, { text }: Decision): void => {
    setDecisions(decisions + 1);
    if (text !== null) void deliver(text).then((delivered) => setUnrecorded({ ticket: idOf(ticket), delivered }));
  };

  const common = {
    key: `${path ? idOf(path) : ''} ${decisions}`,
    path,
    isFolded: true,
    insertsReply: host.deliver !== copyText,
    mayChoose: actor.role !== 'ml' && !isWaiting,
    mayBlock: actor.role === 'lead' || actor.role === 'admin',
    last,
    onUndo: choices.undo,
  };
  return (
    <div className="embedded">
      <EmbeddedHeader actor={actor} connection={connection} />
      <Banners connection={connection} choices={choices} />
      {leftOver !== null && <ByHand text={leftOver} />}
      {path === null || !host.ticket ? (
        <main className="alone">
          <Text c="dimmed" role="status">
            {t('embed.waiting')}
          </Text>
        </main>
      ) : known.data === null ? (
        <UnrecordedTicketPane
          {...common}
          key={common.key}
          host={host.ticket}
          note={
            unrecorded?.ticket === idOf(path)
              ? `${unrecorded.delivered ? `${t(`ticket.${unrecorded.delivered}`)} ` : ''}${t('embed.notRecorded')}`
              : null
          }
          onDecide={takeUnrecorded}
        />
      ) : (
        <StoredTicketPane {...common} key={common.key} onDecide={decide} />
      )}
    </div>
  );
}

/** The last resort: selected already, so that one key copies it. */
function ByHand({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Alert color="yellow" role="alert" title={t('embed.copyManually')} className="by-hand">
      <Textarea
        readOnly
        autosize
        maxRows={8}
        aria-label={t('embed.copyManually')}
        value={text}
        ref={(area) => area?.select()}
      />
    </Alert>
  );
}
