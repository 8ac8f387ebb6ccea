/** What a message's value may be, and the reason that names what it is not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openEnvelope } from '../../src/ingest/envelope.js';
import { readChoice, readTicket, readTombstone } from '../../src/ingest/message-reader.js';

const now = Date.UTC(2026, 10, 23, 12);
const message = (value: string | Buffer | null, headers: Record<string, string> = {}) => ({
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers,
});
const ticket = (more: object = {}) => ({
  source: 'helpdesk',
  ticketId: '1',
  occurredAt: '2026-11-23T09:14:00Z',
  event: 'created',
  body: 'My card',
  ...more,
});
const framed = (content: string | Buffer, id = 12): Buffer => {
  const framing = Buffer.alloc(5);
  framing.writeUInt32BE(id, 1);
  return Buffer.concat([framing, Buffer.from(content)]);
};

describe('a date', () => {
  test.each([
    ['2026-11-23T09:14:00.000+0000', '2026-11-23T09:14:00.000Z'],
    ['2026-11-23T09:14Z', '2026-11-23T09:14:00.000Z'],
    ['2026-11-23T09:14:00+05', '2026-11-23T04:14:00.000Z'],
    ['2026-11-23t09:14:00z', '2026-11-23T09:14:00.000Z'],
    ['2026-11-23 09:14:00.123456-02:00', '2026-11-23T11:14:00.123Z'],
  ])('%s is read in a ticket, a CloudEvent and a choice', (text, expected) => {
    const inTicket = readTicket(message(JSON.stringify(ticket({ occurredAt: text }))), now, 'standard');
    const headers = { ce_specversion: '1.0', ce_id: 'e', ce_time: text };
    const inEvent = readTicket(message(JSON.stringify(ticket({ occurredAt: undefined })), headers), now, 'standard');
    for (const read of [inTicket, inEvent]) {
      expect(read.kind === 'ticket' && read.ticket.occurredAt.toISOString()).toBe(expected);
    }
    const choice = {
      source: 'helpdesk',
      ticketId: '1',
      choiceId: 'c',
      agent: 'a',
      outcome: 'own-reply',
      occurredAt: text,
    };
    const inChoice = readChoice(message(JSON.stringify(choice)));
    expect(inChoice.kind === 'choice' && inChoice.choice.occurredAt.toISOString()).toBe(expected);
  });

  test('without a time zone is refused, and the reason asks for one', () => {
    const read = readTicket(message(JSON.stringify(ticket({ occurredAt: '2026-11-23T09:14:00' }))), now, 'standard');
    expect(read).toMatchObject({
      reason: 'invalid-date',
      detail: expect.stringMatching(/^occurredAt: .*time zone/) as string,
    });
  });
});

describe('the framing of a Schema Registry', () => {
  test('is skipped where JSON follows', () => {
    const read = readTicket(message(framed(JSON.stringify(ticket()))), now, 'standard');
    expect(read).toMatchObject({ kind: 'ticket', ticket: { ticketId: '1', body: 'My card' } });
  });

  test('is named where none follows', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (bytes, id) => {
        const read = openEnvelope(message(framed(Buffer.from([0xc3, ...bytes]), id)));
        const { detail } = read as { detail: string };
        expect(read).toMatchObject({ kind: 'dead-letter', reason: 'not-json' });
        expect(detail).toMatch(/^byte 0 is not JSON: Schema Registry framing/);
        expect(detail).toContain(`schema id ${id}`);
      }),
    );
  });
});

describe('a text that is no JSON', () => {
  test.each([
    ['{"source": "helpdesk", "ticketId": ', /: it ends early$/],
    ['{"source": helpdesk}', /: error at line 1, column 12$/],
    ['{"a": 1,\\n"b": x}'.replace('\\n', '\n'), /: error at line 2, column 6$/],
    ['<ticket/>', /: error at line 1, column 1$/],
  ])('%s: the reason names the place', (text, detail) => {
    expect(openEnvelope(message(text))).toMatchObject({
      reason: 'not-json',
      detail: expect.stringMatching(detail) as string,
    });
  });
});

describe('a number that JavaScript would round', () => {
  test('keeps its digits, as an id and as a field, so that two customers stay two', () => {
    const of = (digits: string) =>
      readTicket(
        message(
          `{"source":"big","ticketId":${digits},"occurredAt":"2026-11-23T09:14:00Z","event":"created","body":"card",` +
            `"fields":{"customer.id":${digits},"orders":3}}`,
        ),
        now,
        'standard',
      );
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 10n ** 40n }), (id) => {
        const digits = String(id);
        expect(of(digits)).toMatchObject({
          ticket: { ticketId: digits, fields: { 'customer.id': digits, orders: 3 } },
        });
      }),
    );
    expect(of('42')).toMatchObject({ ticket: { ticketId: '42', fields: { 'customer.id': 42 } } });
  });

  test('keeps its digits in all modes of a CloudEvent', () => {
    const data = '{"source":"big","ticketId":9007199254740993,"event":"created","body":"card"}';
    const time = '2026-11-23T09:14:00Z';
    const structured = { 'content-type': 'application/cloudevents+json' };
    const messages = [
      message(data, { ce_specversion: '1.0', ce_id: 'e', ce_time: time }),
      message(`{"specversion":"1.0","id":"e","time":"${time}","data":${data}}`, structured),
      message(
        JSON.stringify({ specversion: '1.0', id: 'e', time, data_base64: Buffer.from(data).toString('base64') }),
        structured,
      ),
    ];
    for (const each of messages) {
      expect(readTicket(each, now, 'standard')).toMatchObject({
        ticket: { ticketId: '9007199254740993', eventId: 'e' },
      });
    }
  });
});

describe('a tombstone', () => {
  const tombstone = (key: string | null, timestamp = now) => ({
    key: key === null ? null : Buffer.from(key),
    timestamp,
  });

  test('closes the ticket that its key names, at its time', () => {
    expect(readTombstone(tombstone('helpdesk:a:b'), now, 'standard')).toMatchObject({
      ticket: { source: 'helpdesk', ticketId: 'a:b', event: 'closed', occurredAt: new Date(now), body: '' },
    });
  });

  test.each([null, '', 'helpdesk', 'Help Desk:1', 'helpdesk:'])('of the key %j is refused', (key) => {
    expect(readTombstone(tombstone(key), now, 'standard')).toMatchObject({
      kind: 'dead-letter',
      reason: 'invalid-field',
    });
  });

  test('without a time is refused', () => {
    expect(readTombstone(tombstone('helpdesk:1', NaN), now, 'standard')).toMatchObject({ reason: 'invalid-date' });
    expect(readTombstone(tombstone('helpdesk:1', -1), now, 'standard')).toMatchObject({ reason: 'invalid-date' });
  });
});
