/**
 * npm run bench -- adversarial [--kb 200] [--screen-kb 8] [--deep 12]
 *
 * Worst processor time per kB that a hostile text costs in redaction, HTML to text, mail cleaning, n-grams and tokenizer.
 *
 * The texts are a grammar of repeated units, each alone, two in turn, and many of one before many of another. All are screened at
 * a small length; the worst of each stage are measured at a quarter of the full length and at the full length, so that the growth
 * of the time per kB shows work that is not linear. Fastest of three runs. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { setUpModel } from '../../src/commands/options/with-database.js';
import { readConfig } from '../../src/config/config.js';
import { TextWindows } from '../../src/models/encoder/text-windows.js';
import { countNgrams } from '../../src/models/features/ngrams.js';
import { htmlToText } from '../../src/preparation/html-text.js';
import { findOldParts } from '../../src/preparation/mail-parts.js';
import { redact } from '../../src/redaction/redaction.js';
import { hostilePatterns } from '../support/hostile-texts.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({
  options: {
    kb: { type: 'string', default: '200' },
    'screen-kb': { type: 'string', default: '8' },
    deep: { type: 'string', default: '12' },
  },
});
const kilo = 1000;
const full = Number(options.kb) * kilo;
const screened = Number(options['screen-kb']) * kilo;
const hints = { language: 'en', country: null };
const { encoderDir } = await setUpModel(readConfig());
const windows = await TextWindows.open(encoderDir, 256);

const stages: Record<string, (text: string) => unknown> = {
  redaction: (text) => redact(text, hints),
  strictRedaction: (text) => redact(text, hints, 'strict'),
  htmlToText,
  mailCleaning: findOldParts,
  ngrams: countNgrams,
  tokenizer: (text) => windows.split(text),
};

/** Processor time of the fastest of some runs, ms */
function cost(run: (text: string) => unknown, text: string, runs = 3): number {
  let best = Infinity;
  for (let round = 0; round < runs; round += 1) {
    const before = process.cpuUsage();
    run(text);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const patterns = [...hostilePatterns()];
log(`${patterns.length} texts`);
const figures: Record<string, unknown> = {};
for (const [stage, run] of Object.entries(stages)) {
  run('a '.repeat(screened));
  const worst = patterns
    .map((pattern) => ({ ...pattern, ms: cost(run, pattern.text(screened), 1) }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, Number(options.deep));
  const measured = worst.map(({ name, text }) => {
    const [quarter, whole] = [cost(run, text(full / 4)), cost(run, text(full))];
    return { name, ms: whole, growth: whole / full / (quarter / (full / 4)) };
  });
  const [slowest] = measured.toSorted((a, b) => b.ms - a.ms);
  // Below this, the growth is the clock's.
  const [steepest] = measured.filter(({ ms }) => ms > 8).toSorted((a, b) => b.growth - a.growth);
  figures[stage] = {
    worstMsPerKb: round((slowest?.ms ?? 0) / (full / kilo)),
    worstMs: round(slowest?.ms ?? 0),
    worstText: slowest?.name,
    growth: steepest === undefined ? null : round(steepest.growth),
    steepestText: steepest?.name ?? null,
  };
  log(`${stage}: ${JSON.stringify(figures[stage])}`);
}
process.stdout.write(
  `${JSON.stringify({ bench: 'adversarial', kb: full / kilo, texts: patterns.length, ...figures })}\n`,
);
