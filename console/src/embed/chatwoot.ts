import { askForContext, conversationIn } from './chatwoot-context.js';
import type { Following } from './host-ticket.js';

/** Listens to Chatwoot around the page. Whatever else is said to the page, and by anybody else, is ignored. */
export function followChatwoot({ origins, source, onChange }: Following): () => void {
  if (window.parent === window) {
    onChange({ problem: 'chatwoot' });
    return () => undefined;
  }
  const onMessage = (event: MessageEvent<unknown>): void => {
    if (event.source !== window.parent || !origins.includes(event.origin)) return;
    const conversation = conversationIn(event.data);
    if (!conversation) return;
    const { id, text, writtenAt } = conversation;
    onChange({ ticket: { path: { source: source ?? 'chatwoot', ticketId: id }, subject: '', text, writtenAt } });
  };
  // Any origin: the message has no content, and only configured helpdesks can frame the page.
  const ask = (): void => window.parent.postMessage(askForContext, '*');
  window.addEventListener('message', onMessage);
  window.addEventListener('focus', ask);
  ask();
  return () => {
    window.removeEventListener('message', onMessage);
    window.removeEventListener('focus', ask);
  };
}
