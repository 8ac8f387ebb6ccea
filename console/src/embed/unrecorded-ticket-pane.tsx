import { Alert, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import * as api from '../service/api.js';
import type { Suggestion, Ticket } from '../service/api-types.js';
import { templatesQuery, ticketKey } from '../service/queries.js';
import { TicketPane, type Props } from '../agent/ticket/ticket-pane.js';
import type { HostTicket } from './host-ticket.js';

/** A ticket that has not reached the service: what the helpdesk shows of it is ranked, and nothing of it kept. */
export function UnrecordedTicketPane({
  host,
  ...props
}: Omit<Props, 'ticket' | 'suggestion' | 'isRecorded'> & { host: HostTicket }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { path, subject, text } = host;
  const key = [...ticketKey(path), 'unrecorded', subject, text];
  const isThere = `${subject}${text}`.trim() !== '';
  const ticket = useQuery({ queryKey: key, queryFn: () => ticketOf(host) });
  const suggestion = useQuery({
    queryKey: [...key, 'ranked'],
    enabled: isThere,
    queryFn: async (): Promise<Suggestion> => {
      const [ranked, templates] = await Promise.all([
        api.rank({ subject, body: text, limit: 10 }),
        client.query(templatesQuery),
      ]);
      const byId = new Map(templates.map((template) => [template.id, template]));
      const items = ranked.items.flatMap((item) => {
        const template = byId.get(item.templateId);
        return template ? [{ ...item, title: template.title, body: template.body }] : [];
      });
      return { ...ranked, ...path, items, suggestionId: '', revision: 0, createdAt: new Date().toISOString() };
    },
  });
  return (
    <div className="unrecorded">
      <Alert color="indigo" role="status" title={t('embed.notArrived')}>
        <Text size="sm">{t(isThere ? 'embed.notArrivedRanked' : 'embed.notArrivedNoText')}</Text>
      </Alert>
      {isThere && <TicketPane {...props} ticket={ticket} suggestion={suggestion} isRecorded={false} />}
    </div>
  );
}

function ticketOf({ path, subject, text, writtenAt }: HostTicket): Ticket {
  const at = writtenAt ?? new Date().toISOString();
  const unknown = { channel: null, language: null, contactType: null, fields: {}, sample: false, quotedParts: [] };
  return { ...path, ...unknown, subject, body: text, state: 'open', occurredAt: at, receivedAt: at };
}
