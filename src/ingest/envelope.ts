/**
 * From a Kafka message to the object in it: bare JSON, or a CloudEvent 1.0 in binary or structured mode.
 * Read by hand and not by the CloudEvents SDK, because the bytes must be checked before anything decodes them leniently,
 * and because its errors do not say which field was wrong.
 *
 * Sources: CloudEvents 1.0.2, Kafka protocol binding 1.0.2, JSON event format 1.0.2.
 */

export interface RawMessage {
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

export type DeadReason =
  | 'empty-message'
  | 'not-utf8'
  | 'not-json'
  | 'not-an-object'
  | 'bad-cloudevent'
  | 'invalid-field'
  | 'invalid-date'
  | 'conflict'
  | 'too-slow'
  | 'handler-error';

export interface DeadMessage {
  kind: 'dead-letter';
  reason: DeadReason;
  /** One sentence naming the field; never a value that could be text of the ticket. */
  detail: string;
}

export const dead = (reason: DeadReason, detail: string): DeadMessage => ({ kind: 'dead-letter', reason, detail });

export interface Envelope {
  kind: 'ok';
  data: Record<string, unknown>;
  /** The CloudEvent's `id` and `time`, where it is one. */
  eventId: string | undefined;
  time: string | undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function openEnvelope({ value, headers }: RawMessage): Envelope | DeadMessage {
  if (value === null || value.length === 0) return dead('empty-message', 'the message has no value');
  let text: string;
  try {
    text = utf8.decode(value);
  } catch {
    return dead('not-utf8', `the ${value.length} bytes are not UTF-8`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const place = /position \d+/.exec(String(error))?.[0] ?? 'the end';
    return dead('not-json', `the message is not JSON: broken at ${place}`);
  }
  if (!isObject(parsed)) return dead('not-an-object', 'the message must be a JSON object');
  if (/^application\/cloudevents\+json\b/i.test(headers['content-type'] ?? '')) return structured(parsed);
  if (headers.ce_specversion !== undefined) return binary(parsed, headers);
  // A structured event whose sender forgot the content type is known by the attributes that every event must have.
  if (typeof parsed.specversion === 'string' && 'data' in parsed) return structured(parsed);
  return { kind: 'ok', data: parsed, eventId: undefined, time: undefined };
}

function binary(data: Record<string, unknown>, headers: Record<string, string>): Envelope | DeadMessage {
  const version = headers.ce_specversion;
  if (version !== '1.0') return dead('bad-cloudevent', 'the header ce_specversion must be 1.0');
  if (!headers.ce_id) return dead('bad-cloudevent', 'the header ce_id is missing');
  return { kind: 'ok', data, eventId: headers.ce_id, time: headers.ce_time };
}

function structured(event: Record<string, unknown>): Envelope | DeadMessage {
  const { specversion, id, time, data, data_base64: encoded } = event;
  if (specversion !== '1.0') return dead('bad-cloudevent', 'specversion must be 1.0');
  if (typeof id !== 'string' || id === '') return dead('bad-cloudevent', 'id is missing');
  const meta = { eventId: id, time: typeof time === 'string' ? time : undefined };
  if (isObject(data)) return { kind: 'ok', data, ...meta };
  if (typeof encoded !== 'string') return dead('bad-cloudevent', 'data must be a JSON object');
  const inner = openEnvelope({ key: null, value: Buffer.from(encoded, 'base64'), headers: {} });
  return inner.kind === 'ok' ? { ...inner, ...meta } : inner;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
