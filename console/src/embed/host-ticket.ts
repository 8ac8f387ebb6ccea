import type { Deliver } from '../agent/replies/delivery.js';
import type { TicketPath } from '../service/api-types.js';

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
