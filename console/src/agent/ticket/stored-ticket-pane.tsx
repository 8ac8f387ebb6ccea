import { useQuery } from '@tanstack/react-query';
import { suggestionQuery, ticketQuery } from '../../service/queries.js';
import { nowhere, TicketPane, type Props } from './ticket-pane.js';

/** A ticket that the service knows. */
export function StoredTicketPane(props: Omit<Props, 'ticket' | 'suggestion' | 'isRecorded'>) {
  const { path } = props;
  const ticket = useQuery({ ...ticketQuery(path ?? nowhere), enabled: path !== null });
  const suggestion = useQuery({ ...suggestionQuery(path ?? nowhere), enabled: path !== null });
  return <TicketPane {...props} ticket={ticket} suggestion={suggestion} isRecorded />;
}
