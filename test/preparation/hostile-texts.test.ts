import { describe, expect, test } from 'vitest';
import { hostileUnits, repeated } from '../../bench/support/hostile-texts.js';
import { countNgrams } from '../../src/models/features/ngrams.js';
import { htmlToText } from '../../src/preparation/html-text.js';
import { findOldParts } from '../../src/preparation/mail-parts.js';
import { redact } from '../../src/redaction/redaction.js';

/** Whatever a ticket contains, reading it costs in proportion to its length. */

const stages = {
  redaction: (text: string) => redact(text, { language: 'en', country: 'US' }),
  'strict redaction': (text: string) => redact(text, { language: 'en', country: 'US' }, 'strict'),
  'HTML to text': htmlToText,
  'mail cleaning': findOldParts,
  'n-grams': countNgrams,
};
/** Eight times the text is eight times the work; work that grows with the square is 64 times as much. */
const [short, long] = [8_000, 64_000];
const maxRatio = 32;
/** Less work than this is too little to compare, µs of processor time. */
const minComparable = 20_000;

function work(run: (text: string) => unknown, text: string): number {
  let least = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage();
    run(text);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
    if (least < minComparable) break;
  }
  return least;
}

describe.each(Object.entries(stages))('the work of %s grows with the length', (_stage, run) => {
  test('of every repeated unit', () => {
    for (const [name, unit] of Object.entries(hostileUnits)) {
      const all = work(run, repeated(unit, long));
      if (all < minComparable) continue;
      const ratio = all / Math.max(work(run, repeated(unit, short)), minComparable / (long / short));
      expect({ name, ratio: ratio < maxRatio ? 'in proportion' : ratio }).toEqual({ name, ratio: 'in proportion' });
    }
  }, 60_000);
});
