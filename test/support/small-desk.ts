import { TicketSource, world } from '../../bench/drift/synthetic-tickets.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';

/** A desk of few topics in eight dimensions: its reference is built in a fraction of a second. */
export const smallDesk = world(6, 1, 8);
export const monday = Date.UTC(2026, 2, 2);

/** @returns draws the tickets of a stream, one a minute */
export function smallStream(seed: number): (index: number, more?: object) => Observation {
  const source = new TicketSource(smallDesk, seed);
  return (index, more = {}) => source.ticket({ index, occurredAt: new Date(monday + index * 60_000), ...more });
}

const draw = smallStream(2);

export const smallReference = buildReference(
  Array.from({ length: 600 }, (_, index) => {
    const observation = draw(index);
    return { observation, templateId: observation.ranking[0]?.templateId ?? null };
  }),
  { seed: 1, draws: 999, minSliceTickets: 150 },
);
