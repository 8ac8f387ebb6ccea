import { describe, expect, test } from 'vitest';
import { newTopic } from '../../../bench/drift/synthetic-tickets.js';
import { WindowSample } from '../../../src/monitoring/detection/window-sample.js';
import { testWindow, type WindowTestSettings } from '../../../src/monitoring/detection/window-test.js';
import type { Finding } from '../../../src/monitoring/observations/finding.js';
import type { Observation } from '../../../src/monitoring/observations/observation.js';
import { TicketCoder } from '../../../src/monitoring/reference/ticket-coding.js';
import { smallDesk, smallReference, smallStream } from '../../support/small-desk.js';

const draw = smallStream(40);
const tickets = Array.from({ length: 300 }, (_, index) => draw(index));
const coder = new TicketCoder(smallReference.coding);
const topic = newTopic(smallDesk, 5);

function tested(observations: readonly Observation[], settings?: WindowTestSettings): Finding[] {
  const window = new WindowSample(coder);
  observations.forEach((ticket) => window.add(ticket));
  return testWindow(smallReference, window, settings);
}
const alarmsOf = (findings: readonly Finding[]): string[] =>
  findings.filter(({ alarm }) => alarm).map(({ signal, slice }) => `${signal} ${slice.by} ${slice.value}`.trim());

describe('a window', () => {
  const usual = tested(tickets);
  const moved = tested(tickets.map((ticket) => ({ ...ticket, words: 3 * ticket.words })));

  test('of fewer than 30 distinct tickets is not tested', () => {
    expect(tested(tickets.slice(0, 29))).toEqual([]);
    expect(tested(tickets.slice(0, 30)).length).toBeGreaterThan(0);
  });

  test('without drift has one finding for each signal and slice, and no alarm', () => {
    expect(alarmsOf(usual)).toEqual([]);
    const subjects = usual.map(({ signal, slice }) => `${signal} ${slice.by} ${slice.value}`);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(subjects).toContain('embedding all ');
    expect(subjects).toContain('words channel email');
    expect(subjects.some((subject) => subject.startsWith('channel channel'))).toBe(false);
  });

  test('with one signal moved alarms by it, the likeliest drift first', () => {
    expect(alarmsOf(moved)[0]).toMatch(/^words /);
    expect(new Set(alarmsOf(moved).map((name) => name.split(' ')[0]))).toEqual(new Set(['words']));
    expect(alarmsOf(moved)).toContain('words all');
    for (const { pValue, evidence } of moved) {
      expect(pValue).toBeGreaterThan(0);
      expect(pValue).toBeLessThanOrEqual(1);
      expect(evidence).toBeNull();
    }
  });

  test('alarms at no level below what was found, nor for an effect that is smaller than worth knowing', () => {
    const words = tickets.map((ticket) => ({ ...ticket, words: 3 * ticket.words }));
    const first = tested(words)[0] as Finding;
    expect(first.alarm).toBe(true);
    expect(alarmsOf(tested(words, { level: (first.pValue as number) / 1e3 }))).toEqual([]);
    expect(alarmsOf(tested(words, { minEffect: 50 }))).toEqual([]);
    expect(alarmsOf(tested(words, { minEffect: 0 })).length).toBeGreaterThanOrEqual(alarmsOf(tested(words)).length);
  });

  test('alarms on fewer signals at a stricter level, all of them first', () => {
    const changed = tickets.map((ticket, index) => ({
      ...ticket,
      words: 2 * ticket.words,
      channel: index % 3 === 0 ? 'chat' : ticket.channel,
    }));
    const [strict, loose] = [alarmsOf(tested(changed, { level: 1e-12 })), alarmsOf(tested(changed, { level: 0.05 }))];
    expect(loose.length).toBeGreaterThan(strict.length);
    expect(loose.slice(0, strict.length)).toEqual(strict);
  });

  test('in which the model is surer does not alarm, one in which it is less sure does', () => {
    const confident = (times: number) =>
      tickets.map((ticket) => ({
        ...ticket,
        ranking: ticket.ranking.map((one, at) =>
          at > 0 ? one : { ...one, probability: 1 - times * (1 - one.probability) },
        ),
      }));
    const surer = tested(confident(0.3));
    expect(alarmsOf(surer)).toEqual([]);
    // The reported value is that of the drop that is tested for: a clear rise is no evidence of one.
    const whole = surer.find(({ signal, slice }) => signal === 'confidence' && slice.by === 'all');
    expect(whole?.effect.value).toBeGreaterThan(0);
    expect(whole?.pValue).toBeGreaterThan(0.9);
    expect(alarmsOf(tested(confident(1.8)))).toContain('confidence all');
  });

  test('with texts about something new alarms by the embedding, with the share that is farther out', () => {
    const next = smallStream(41);
    const new20 = Array.from({ length: 300 }, (_, index) => next(index, index % 5 === 0 ? { topic } : {}));
    const found = tested(new20).find(({ signal, slice }) => signal === 'embedding' && slice.by === 'all') as Finding;
    expect(found.alarm).toBe(true);
    expect(found.slice).toEqual({ by: 'all', value: '' });
    expect(found.effect.value).toBeGreaterThan(0.05);
    expect(found.explanation).toMatch(/\(300 tickets\)/);
    const same = usual.find(({ signal, slice }) => signal === 'embedding' && slice.by === 'all') as Finding;
    expect(same.pValue).toBeGreaterThan(0.01);
  });

  test('without embeddings is tested by all else', () => {
    const without = tested(tickets.map((ticket) => ({ ...ticket, embedding: null })));
    expect(without.filter(({ signal, slice }) => signal === 'embedding' && slice.by === 'all')).toEqual([]);
    expect(without.length).toBeGreaterThan(10);
  });
});
