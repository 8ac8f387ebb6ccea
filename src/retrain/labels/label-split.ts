/** Which labelled tickets a challenger learns from, and which later ones judge it: those that neither version has seen. */
import { hash32 } from '../../statistics/random.js';
import { idHash } from '../../models/dataset/trained-on.js';
import type { LabelledTicket } from './labelled-tickets.query.js';
import { copiesOf, labelWeight } from './label-weights.js';
import { trustOf, type Trust } from '../../monitoring/labels/trust.js';

/** A place in the order of time; tickets of the same moment go by their id. */
export interface Place {
  /** ms since 1970 */
  at: number;
  ticket: number;
}

export interface SplitRules {
  /** Share of the labels that the champion has not seen, 0–1 */
  heldOutShare: number;
  fewest: number;
  most: number;
}

export const defaultSplit: SplitRules = { heldOutShare: 0.2, fewest: 50, most: 1_000 };

export const isLater = (one: Place, other: Place): boolean =>
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
export function heldOutFrom(
  tickets: readonly LabelledTicket[],
  seen: ReadonlySet<string>,
  copies: ReadonlyMap<number, number>,
  rules: SplitRules = defaultSplit,
): Place | null {
  const unseen = tickets.filter(({ key }) => !seen.has(idHash(key))).sort((a, b) => (isLater(a, b) ? -1 : 1));
  const learnable = unseen.filter(({ ticket }) => copies.has(ticket)).length;
  const wanted = Math.min(rules.most, Math.max(rules.fewest, Math.round(learnable * rules.heldOutShare)));
  // A challenger that learns nothing new can't be better.
  const before = unseen[wanted];
  return before ? { at: before.at, ticket: before.ticket } : null;
}

/** The held-out tickets: later than `from`, unseen by the champion. */
export function heldOut(tickets: readonly LabelledTicket[], seen: ReadonlySet<string>, from: Place): LabelledTicket[] {
  return tickets
    .filter((ticket) => isLater(ticket, from) && !seen.has(idHash(ticket.key)))
    .sort((a, b) => (isLater(a, b) ? 1 : -1));
}

/** How much agents trust what stands first, by all labels that are known. */
export function trustIn(tickets: readonly LabelledTicket[]): Trust {
  const shown = tickets.filter(
    ({ provenance, shownFirst, template }) =>
      (provenance === 'choice' || provenance === 'correction') && shownFirst !== null && template !== null,
  );
  const audited = tickets.filter(
    ({ provenance, suggestedFirst, template }) =>
      provenance === 'audit' && suggestedFirst !== null && template !== null,
  );
  return trustOf({
    shown: shown.length,
    accepted: shown.filter(({ shownFirst, template }) => shownFirst === template).length,
    audited: audited.length,
    right: audited.filter(({ suggestedFirst, template }) => suggestedFirst === template).length,
  });
}

const dayMs = 86_400_000;

/** How many lines of a training set stand for each ticket, by its id; those without one, as those too old, are not there. */
export function trainingCopies(
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
      { trust, mostDays },
    );
    const count = copiesOf(weight, hash32(ticket.key, seed) / 2 ** 32);
    if (count > 0) copies.set(ticket.ticket, count);
  }
  return copies;
}
