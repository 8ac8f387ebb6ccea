/** Measures of tickets' outcomes. */
import type { Reference } from './reference.js';
import { outcomeSignals, type OutcomeSignal } from '../observations/signals.js';
import { binCount, type Measure } from './ticket-coding.js';

export interface OutcomeMeasure {
  signal: OutcomeSignal;
  measure: Measure;
  /** Counts of the reference by bin; zeros where a signal is compared with its own past */
  counts: Float64Array;
}

export function outcomeMeasures({ outcomes }: Reference): OutcomeMeasure[] {
  return outcomeSignals.map((signal) => {
    const known = outcomes[signal.name];
    const isShare = signal.kind === 'share';
    const measure: Measure = {
      signal: signal.name,
      part: null,
      kind: isShare ? 'names' : 'number',
      names: isShare ? ['no', 'yes'] : [],
      rare: [],
      edges: isShare ? [] : (known?.edges ?? []),
      hasRhythm: false,
    };
    const counts = new Float64Array(binCount(measure));
    if (known && signal.baseline === 'reference') counts.set(known.counts);
    return { signal, measure, counts };
  });
}
