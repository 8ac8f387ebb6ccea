import { expect, test } from 'vitest';
import { driftAsJson, driftAsText } from '../../../src/commands/reports/drift-report.js';
import { defaultDecisionSettings } from '../../../src/monitoring/decisions/retrain-decision.js';
import { detectFileDrift, type RankedRow } from '../../../src/monitoring/runner/file-drift.js';
import { smallReference, smallStream } from '../../support/small-desk.js';

const draw = smallStream(3);
const report = (tickets: number, copies = 1) => {
  const rows = Array.from({ length: tickets }, (_, index): RankedRow[] => {
    const observation = draw(index);
    const row = { observation, label: undefined, text: 'text' };
    return Array.from({ length: copies }, (__, copy) => ({
      ...row,
      observation: { ...observation, key: `${observation.key}-${copy}` },
    }));
  }).flat();
  const texts = { words: { tickets: 0, counts: {} }, garbled: 0 } as never;
  const sample = { tickets: [], texts };
  const drift = detectFileDrift({
    reference: smallReference,
    sample,
    rows,
    now: new Date('2026-03-02T10:00:00Z'),
    settings: defaultDecisionSettings,
  });
  return { drift, text: driftAsText(drift, rows), json: driftAsJson(drift) };
};

test('a file with too few different tickets is not said to be without drift', () => {
  for (const [tickets, copies] of [
    [0, 1],
    [1, 1],
    [20, 1],
    [5, 20],
  ] as const) {
    const { text, json } = report(tickets, copies);
    const required = 30;
    expect(text).toBe(`Nothing could be tested: ${tickets} different tickets, at least ${required} are required.\n`);
    expect(json).toMatchObject({ alarm: false, signals: [], untested: { tickets, required } });
    expect(JSON.stringify(json)).not.toContain('No drift detected');
  }
});

test('a file with enough tickets and no drift is', () => {
  const { text, drift } = report(40);
  expect(text).toMatch(/^No drift detected: 0 of \d+ signals \(40 tickets\)/);
  expect(drift.untested).toBeNull();
});
