/** Which runs the limits on the axes of the training page keep. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { axesOf, runsWithin, valuesOn } from '../../console/src/ml/training/run-axes.js';

test('limits keep a run if, and only if, it lies within each of them', () => {
  const run = fc.record({
    learnedFrom: fc.integer({ min: 0, max: 9 }),
    top1: fc.option(fc.integer({ min: 0, max: 9 })),
  });
  fc.assert(
    fc.property(fc.array(run), fc.tuple(fc.nat(9), fc.nat(9)), (rows, [low, high]) => {
      const runs = rows.map(({ learnedFrom, top1 }, id) => ({
        ...{ id, arguments: { learnedFrom }, startedAt: null, endedAt: null },
        comparison: top1 === null ? null : { challenger: { top1, useful: 0, ece: 0 }, difference: { points: 0 } },
      })) as unknown as Parameters<typeof runsWithin>[0];
      const known = axesOf(runs);
      const kept = runsWithin(runs, known, { 'score.top1': [low, high] });
      const wanted = rows.flatMap(({ top1 }, id) => (top1 !== null && low <= top1 && top1 <= high ? [id] : []));
      expect(kept.map(({ id }) => id)).toEqual(wanted);
      expect(runsWithin(runs, known, {})).toEqual(runs);
      for (const axis of known) {
        const values = valuesOn(axis, runs);
        expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b));
      }
    }),
  );
});
