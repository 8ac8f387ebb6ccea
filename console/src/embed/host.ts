/** The helpdesk around the page: which ticket is open there, and where a reply goes. */
import { useEffect, useState } from 'react';
import type { TicketPath } from '../service/api-types.js';
import { copyText, type Deliver } from '../agent/delivery.js';
import { followChatwoot } from './chatwoot.js';
import { sourceOf } from './source-name.js';
import { followZendesk } from './zendesk.js';

/** What the helpdesk knows of the open ticket. */
export interface HostTicket {
  path: TicketPath;
  subject: string;
  text: string;
  writtenAt: string | null;
}

export type HostProblem = 'chatwoot' | 'zendesk' | 'stranger' | 'clientAway' | 'noTicket';

export interface Host {
  ticket: HostTicket | null;
  deliver: Deliver;
  problem: HostProblem | null;
}

export interface Following {
  /** That may show the page */
  origins: readonly string[];
  source: string | null;
  onChange: (change: Partial<Host>) => void;
}

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
