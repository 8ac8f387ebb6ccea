import type { Measure } from '../../src/monitoring/reference/ticket-coding.js';

/** A measure of numbers; one bin by default. */
export const measure = (given: Partial<Measure> = {}): Measure => ({
  signal: 'words',
  part: null,
  kind: 'number',
  names: [],
  rare: [],
  edges: [],
  hasRhythm: false,
  ...given,
});

export const yesNo = measure({ signal: 'abstention', kind: 'names', names: ['no', 'yes'] });
