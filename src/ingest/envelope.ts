/**
 * Reads the JSON object of a Kafka message: bare JSON, or a CloudEvent 1.0 in binary or structured mode.
 * Without the CloudEvents SDK, because invalid bytes must be rejected before a lenient decoder sees them, and because the
 * SDK's errors do not name the invalid field.
 *
 * Sources: CloudEvents 1.0.2, Kafka protocol binding 1.0.2, JSON event format 1.0.2.
 */
import { JsonError, parseJson } from '../json/parse-json.js';
import type { UnreadableBatch } from './consumer/record-batches.js';

export interface RawMessage {
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
  /** The value is a record batch that can't be read. */
  unreadable?: UnreadableBatch | undefined;
}

export type DeadLetterReason =
  | 'empty-message'
  | 'not-utf8'
  | 'not-json'
  | 'not-an-object'
  | 'bad-cloudevent'
  | 'invalid-field'
  | 'invalid-date'
  | 'conflict'
  | 'unreadable-batch'
  | 'too-slow'
  | 'handler-error';

export interface Rejection {
  kind: 'dead-letter';
  reason: DeadLetterReason;
  /** One sentence that names the field; never a value, which may be text of a ticket */
  detail: string;
}

export const reject = (reason: DeadLetterReason, detail: string): Rejection => ({
  kind: 'dead-letter',
  reason,
  detail,
});

export interface Envelope {
  kind: 'ok';
  data: Record<string, unknown>;
  /** `id` and `time` of a CloudEvent */
  eventId: string | undefined;
  time: string | undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function openEnvelope({ value, headers, unreadable }: RawMessage): Envelope | Rejection {
  if (unreadable) return rejectBatch(unreadable);
  if (value === null || value.length === 0) return reject('empty-message', 'the message has no value');
  const framing = schemaRegistryFraming(value);
  const content = framing === null ? value : value.subarray(framingBytes);
  let parsed: unknown;
  try {
    parsed = parseJson(utf8.decode(content));
  } catch (error) {
    if (framing !== null) return reject('not-json', `byte 0 is not JSON: ${framing}`);
    if (!(error instanceof JsonError)) return reject('not-utf8', `the value (${value.length} bytes) is not UTF-8`);
    return reject('not-json', `the message is not valid JSON${placeOf(error)}`);
  }
  if (!isObject(parsed)) return reject('not-an-object', 'the message must be a JSON object');
  if (/^application\/cloudevents\+json\b/i.test(headers['content-type'] ?? '')) return readStructuredEvent(parsed);
  if (headers.ce_specversion !== undefined) return readBinaryEvent(parsed, headers);
  // A structured event without its content type is recognized by the attributes that every event must have.
  if (typeof parsed.specversion === 'string' && 'data' in parsed) return readStructuredEvent(parsed);
  return { kind: 'ok', data: parsed, eventId: undefined, time: undefined };
}

/** A zero byte and the id of a schema come before what the serializers of a Schema Registry write. */
const framingBytes = 5;

/** What precedes the content, for the error; null if nothing does. JSON behind it is read, Avro and Protobuf are not. */
function schemaRegistryFraming(value: Buffer): string | null {
  if (value.length < framingBytes || value[0] !== 0) return null;
  return (
    `Schema Registry framing (schema id ${value.readUInt32BE(1)}) without JSON behind it. ` +
    'Avro and Protobuf are not supported: use a JSON serializer'
  );
}

/** Without the text at that place, which may be the customer's */
function placeOf({ line, column, isTruncated, problem }: JsonError): string {
  if (isTruncated) return ': it ends early';
  return line === null ? `: ${problem}` : `: error at line ${line}, column ${column}`;
}

function rejectBatch({ codec, records, firstOffset, lastOffset, problem }: UnreadableBatch): Rejection {
  return reject(
    'unreadable-batch',
    `the ${codec} batch of ${records} records at offsets ${firstOffset} to ${lastOffset} can't be read: ${problem}`,
  );
}

function readBinaryEvent(data: Record<string, unknown>, headers: Record<string, string>): Envelope | Rejection {
  const version = headers.ce_specversion;
  if (version !== '1.0') return reject('bad-cloudevent', 'the header ce_specversion must be 1.0');
  if (!headers.ce_id) return reject('bad-cloudevent', 'the header ce_id is missing');
  return { kind: 'ok', data, eventId: headers.ce_id, time: headers.ce_time };
}

function readStructuredEvent(event: Record<string, unknown>): Envelope | Rejection {
  const { specversion, id, time, data, data_base64: encoded } = event;
  if (specversion !== '1.0') return reject('bad-cloudevent', 'specversion must be 1.0');
  if (typeof id !== 'string' || id === '') return reject('bad-cloudevent', 'id is missing');
  const meta = { eventId: id, time: typeof time === 'string' ? time : undefined };
  if (isObject(data)) return { kind: 'ok', data, ...meta };
  if (typeof encoded !== 'string') return reject('bad-cloudevent', 'data must be a JSON object');
  const inner = openEnvelope({ key: null, value: Buffer.from(encoded, 'base64'), headers: {} });
  return inner.kind === 'ok' ? { ...inner, ...meta } : inner;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
