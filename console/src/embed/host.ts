/** The helpdesk around the page: which ticket is open there, and where a reply goes. */
import { useEffect, useState } from 'react';
import { copyText } from '../agent/replies/delivery.js';
import { followChatwoot } from './chatwoot.js';
import { sourceOf } from './source-name.js';
import { followZendesk } from './zendesk.js';
import { Following, Host } from './host-ticket.js';

const followers = { chatwoot: followChatwoot, zendesk: followZendesk, address: followAddress };
export type HostKind = keyof typeof followers;

export function useHost(kind: HostKind, origins: readonly string[]): Host {
  const [host, setHost] = useState<Host>({ ticket: null, deliver: copyText, problem: null });
  useEffect(() => {
    const source = sourceOf(new URLSearchParams(window.location.search).get('source'));
    return followers[kind]({ origins, source, onChange: (change) => setHost((known) => ({ ...known, ...change })) });
  }, [kind, origins]);
  return host;
}

/** Any other helpdesk: its address of the frame names the ticket. */
function followAddress({ source, onChange }: Following): () => void {
  const ticketId = new URLSearchParams(window.location.search).get('ticketId') ?? '';
  if (source === null || ticketId === '') onChange({ problem: 'noTicket' });
  else onChange({ ticket: { path: { source, ticketId }, subject: '', text: '', writtenAt: null } });
  return () => undefined;
}
