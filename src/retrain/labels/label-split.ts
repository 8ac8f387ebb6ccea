/** Temporal split: a challenger is trained on earlier labels and tested on later ones that neither version was trained on. */
import { hash32 } from '../../statistics/random.js';
import { idHash } from '../../models/dataset/trained-on.js';
import type { LabelledTicket } from './labelled-tickets.query.js';
import { sampleCopies, labelWeight } from './label-weights.js';
import { posteriorTrust, type Trust } from '../../monitoring/labels/trust.js';

/** A position in the order of time; tickets of the same time are ordered by id. */
export interface SplitPoint {
  /** ms since 1970 */
  at: number;
  ticket: number;
}

export interface SplitRules {
  /** Share of the labels that the champion was not trained on, 0–1 */
  heldOutShare: number;
  min: number;
  max: number;
}

export const defaultSplit: SplitRules = { heldOutShare: 0.2, min: 50, max: 1_000 };

export const isLater = (a: SplitPoint, b: SplitPoint): boolean => a.at > b.at || (a.at === b.at && a.ticket > b.ticket);

/**
 * Holds out the newest tickets that the champion was not trained on: a share of those that a training would use. Tickets that
 * get no training row are not counted, since they stay untrained for ever and would come to outnumber the new ones.
 *
 * @param seen hashes of the ids that the champion was trained on
 * @param copies training rows of each ticket in a training on all labels
 * @returns the last ticket before the held-out part; null if there are too few new labels to test and to train on
 */
export function findSplitPoint(
  tickets: readonly LabelledTicket[],
  seen: ReadonlySet<string>,
  copies: ReadonlyMap<number, number>,
  rules: SplitRules = defaultSplit,
): SplitPoint | null {
  const unseen = tickets.filter(({ key }) => !seen.has(idHash(key))).sort((a, b) => (isLater(a, b) ? -1 : 1));
  const learnable = unseen.filter(({ ticket }) => copies.has(ticket)).length;
  const size = Math.min(rules.max, Math.max(rules.min, Math.round(learnable * rules.heldOutShare)));
  // Without new labels a challenger can't be better.
  const before = unseen[size];
  return before ? { at: before.at, ticket: before.ticket } : null;
}

/** The tickets later than `from` that the champion was not trained on. */
export function selectHeldOut(
  tickets: readonly LabelledTicket[],
  seen: ReadonlySet<string>,
  from: SplitPoint,
): LabelledTicket[] {
  return tickets
    .filter((ticket) => isLater(ticket, from) && !seen.has(idHash(ticket.key)))
    .sort((a, b) => (isLater(a, b) ? 1 : -1));
}

/** Trust bias: how often agents accept the first suggestion unread, estimated from all labels. */
export function estimateLabelTrust(tickets: readonly LabelledTicket[]): Trust {
  const shown = tickets.filter(
    ({ provenance, shownFirst, template }) =>
      (provenance === 'choice' || provenance === 'correction') && shownFirst !== null && template !== null,
  );
  const audited = tickets.filter(
    ({ provenance, suggestedFirst, template }) =>
      provenance === 'audit' && suggestedFirst !== null && template !== null,
  );
  return posteriorTrust({
    shown: shown.length,
    accepted: shown.filter(({ shownFirst, template }) => shownFirst === template).length,
    audited: audited.length,
    right: audited.filter(({ suggestedFirst, template }) => suggestedFirst === template).length,
  });
}

const dayMs = 86_400_000;

/** Training rows by ticket id; tickets without one, such as those that are too old, are missing. */
export function countTrainingCopies(
  tickets: readonly LabelledTicket[],
  { trust, maxAgeDays, seed, now }: { trust: number; maxAgeDays: number; seed: number; now: Date },
): Map<number, number> {
  const copies = new Map<number, number>();
  for (const ticket of tickets) {
    const weight = labelWeight(
      {
        provenance: ticket.provenance,
        position: ticket.shownFirst !== null && ticket.template === ticket.shownFirst ? 1 : ticket.position,
        shown: ticket.shownFirst !== null,
        confidence: ticket.suggestedFirst === ticket.shownFirst ? ticket.confidence : null,
        ageDays: (now.getTime() - ticket.labelledAt) / dayMs,
      },
      { trust, maxAgeDays },
    );
    const count = sampleCopies(weight, hash32(ticket.key, seed) / 2 ** 32);
    if (count > 0) copies.set(ticket.ticket, count);
  }
  return copies;
}
