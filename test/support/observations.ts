import type { Observation } from '../../src/monitoring/observations/observation.js';

/** A ticket as the monitor sees it; what a test does not care about is as usual. */
export function observation(given: Partial<Observation> = {}): Observation {
  return {
    key: 'desk:1',
    occurredAt: new Date('2026-03-02T10:00:00Z'),
    embedding: null,
    ranking: [{ templateId: 'card-arrival', probability: 0.9 }],
    entropy: 0.4,
    abstained: false,
    reason: null,
    contactType: 'card',
    channel: 'email',
    language: 'en',
    fields: {},
    words: 12,
    unknownShare: 0,
    fingerprint: given.key ?? 'desk:1',
    ...given,
  };
}
