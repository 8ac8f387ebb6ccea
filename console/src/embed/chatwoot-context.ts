/**
 * What Chatwoot says to a dashboard app: a text with JSON, `{"event":"appContext","data":{"conversation":{…},…}}`.
 * https://www.chatwoot.com/hc/user-guide/articles/1677691702-how-to-use-dashboard-apps
 */

/** What the app sends to its parent for being told the context now. */
export const askForContext = 'chatwoot-dashboard-app:fetch-info';

/** The conversation that is open. */
export interface Conversation {
  id: string;
  /** What the customer wrote, oldest first; empty where Chatwoot has not loaded it */
  text: string;
  /** When the customer wrote last, as ISO 8601; null where that is not known */
  writtenAt: string | null;
}

/** Chatwoot's kind of message for one that a customer wrote. */
const incoming = [0, 'incoming'];
/** More than this is no conversation that somebody reads. */
const maxCharacters = 20_000;

/** @returns null for whatever is no such message */
export function conversationIn(data: unknown): Conversation | null {
  if (typeof data !== 'string') return null;
  const message = parsed(data);
  if (!isObject(message) || message['event'] !== 'appContext' || !isObject(message['data'])) return null;
  const conversation = message['data']['conversation'];
  if (!isObject(conversation)) return null;
  const id = conversation['id'];
  if (!Number.isSafeInteger(id) || (id as number) < 1) return null;
  const messages: unknown = conversation['messages'];
  const written = (Array.isArray(messages) ? messages : []).filter(
    (one): one is Record<string, unknown> & { content: string } =>
      isObject(one) && incoming.includes(one['message_type'] as number | string) && typeof one['content'] === 'string',
  );
  const text = written.map(({ content }) => content.trim()).join('\n\n');
  return { id: String(id), text: text.slice(-maxCharacters).trim(), writtenAt: isoOf(written.at(-1)?.['created_at']) };
}

/** @param seconds since 1970 */
function isoOf(seconds: unknown): string | null {
  if (typeof seconds !== 'number' || !(seconds > 0) || seconds > 1e11) return null;
  return new Date(seconds * 1000).toISOString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
