/** Which labelled tickets a challenger learns from, and which later ones judge it: those that neither version has seen. */
import { hash32 } from '../../statistics/random.js';
import { idHash } from '../../models/dataset/trained-on.js';
import type { LabelledTicket } from './labelled-tickets.query.js';
import { sampleCopies, labelWeight } from './label-weights.js';
import { estimateTrust, type Trust } from '../../monitoring/labels/trust.js';

/** A place in the order of time; tickets of the same moment go by their id. */
export interface SplitPoint {
  /** ms since 1970 */
  at: number;
  ticket: number;
}

export interface SplitRules {
  /** Share of the labels that the champion has not seen, 0–1 */
  heldOutShare: number;
  min: number;
  max: number;
}

export const defaultSplit: SplitRules = { heldOutShare: 0.2, min: 50, max: 1_000 };

export const isLater = (one: SplitPoint, other: SplitPoint): boolean =>
  one.at > other.at || (one.at === other.at && one.ticket > other.ticket);

/**
 * Where the held-out part begins: the newest tickets that the champion has not seen, as many as a share of what it could have
 * learned of all unseen ones. Those that get no line in a training stay unseen: with the years there are more of them than of all
 * that is new.
 *
 * @param seen hashes of the ids that the champion has learned from
 * @param copies lines that a training on all would take of each ticket
 * @returns the last place before it; null where too few unseen labels are there to hold out and to learn from
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
  // A challenger that learns nothing new can't be better.
  const before = unseen[size];
  return before ? { at: before.at, ticket: before.ticket } : null;
}

/** The held-out tickets: later than `from`, unseen by the champion. */
export function selectHeldOut(
  tickets: readonly LabelledTicket[],
  seen: ReadonlySet<string>,
  from: SplitPoint,
): LabelledTicket[] {
  return tickets
    .filter((ticket) => isLater(ticket, from) && !seen.has(idHash(ticket.key)))
    .sort((a, b) => (isLater(a, b) ? 1 : -1));
}

/** How much agents trust what stands first, by all labels that are known. */
export function estimateTrust(tickets: readonly LabelledTicket[]): Trust {
  const shown = tickets.filter(
    ({ provenance, shownFirst, template }) =>
      (provenance === 'choice' || provenance === 'correction') && shownFirst !== null && template !== null,
  );
  const audited = tickets.filter(
    ({ provenance, suggestedFirst, template }) =>
      provenance === 'audit' && suggestedFirst !== null && template !== null,
  );
  return estimateTrust({
    shown: shown.length,
    accepted: shown.filter(({ shownFirst, template }) => shownFirst === template).length,
    audited: audited.length,
    right: audited.filter(({ suggestedFirst, template }) => suggestedFirst === template).length,
  });
}

const dayMs = 86_400_000;

/** How many lines of a training set stand for each ticket, by its id; those without one, as those too old, are not there. */
export function countTrainingCopies(
  tickets: readonly LabelledTicket[],
  { trust, mostDays, seed, now }: { trust: number; mostDays: number; seed: number; now: Date },
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
      { trust, maxAgeDays: mostDays },
    );
    const count = sampleCopies(weight, hash32(ticket.key, seed) / 2 ** 32);
    if (count > 0) copies.set(ticket.ticket, count);
  }
  return copies;
}
