/** Zendesk around the page, by the client that Zendesk gives to its apps: the one thing that comes from another host. */
import { copyText, type Deliver } from '../agent/replies/delivery.js';
import type { Following } from './host-ticket.js';
import type { HostTicket } from './host-ticket.js';
import { sourceOf } from './source-name.js';

const clientScript = 'https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js';
/** Zendesk gives an app little height unless it asks for more. */
const size = { width: '100%', height: '640px' };

/** What is used of https://developer.zendesk.com/api-reference/apps/apps-core-api/client_api/ */
interface ZafClient {
  context: () => Promise<{ ticketId?: number }>;
  metadata: () => Promise<{ settings?: Record<string, unknown> }>;
  get: (paths: string[]) => Promise<Record<string, unknown>>;
  invoke: (action: string, ...values: unknown[]) => Promise<unknown>;
}

declare global {
  interface Window {
    ZAFClient?: { init: () => ZafClient | false };
  }
}

export function followZendesk({ origins, source, onChange }: Following): () => void {
  let over = false;
  const host = new URLSearchParams(window.location.search).get('origin');
  if (window.parent === window || host === null) onChange({ problem: 'zendesk' });
  // The client believes whatever origin stands in the address.
  else if (!origins.includes(host)) onChange({ problem: 'stranger' });
  else {
    const follow = async (): Promise<void> => {
      const client = await zafClient();
      if (over) return;
      if (!client) onChange({ problem: 'clientAway' });
      else onChange({ deliver: insertBy(client), ticket: await openTicket(client, source) });
    };
    follow().catch(() => onChange({ problem: 'clientAway' }));
  }
  return () => {
    over = true;
  };
}

async function openTicket(client: ZafClient, source: string | null): Promise<HostTicket | null> {
  const [{ ticketId }, { settings }] = await Promise.all([client.context(), client.metadata()]);
  if (ticketId === undefined) return null;
  // A smaller app is still one.
  client.invoke('resize', size).catch(() => undefined);
  const known = await client
    .get(['ticket.subject', 'ticket.description', 'ticket.createdAt'])
    .catch((): Record<string, unknown> => ({}));
  const textOf = (name: string): string => (typeof known[name] === 'string' ? known[name] : '');
  return {
    path: { source: source ?? sourceOf(settings?.['source']) ?? 'zendesk', ticketId: String(ticketId) },
    subject: textOf('ticket.subject'),
    text: textOf('ticket.description'),
    writtenAt: textOf('ticket.createdAt') || null,
  };
}

/** Into the reply that the agent writes; onto the clipboard where Zendesk does not let us. */
const insertBy =
  (client: ZafClient): Deliver =>
  async (text) => {
    try {
      await client.invoke('ticket.comment.appendText', text);
      return 'inserted';
    } catch {
      return copyText(text);
    }
  };

/** @returns null where it can't be loaded, or Zendesk is not there */
async function zafClient(): Promise<ZafClient | null> {
  if (!window.ZAFClient) {
    await new Promise<void>((settle) => {
      const script = document.createElement('script');
      script.src = clientScript;
      script.addEventListener('load', () => settle());
      script.addEventListener('error', () => settle());
      document.head.append(script);
    });
  }
  const client = window.ZAFClient?.init();
  return client === false ? null : (client ?? null);
}
