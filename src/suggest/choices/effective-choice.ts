import type { Choice } from '../../records/tickets/choice.entity.js';
import type { Provenance } from '../../records/tickets/label.entity.js';

type ChoiceFacts = Pick<Choice, 'choiceId' | 'occurredAt' | 'outcome' | 'templateId' | 'retracts'>;

export interface EffectiveChoice<C extends ChoiceFacts> {
  /** What counts now; null where every choice has been retracted. */
  choice: C | null;
  /** It says something else of the templates than an earlier choice did, retracted or not. */
  corrects: boolean;
}

/**
 * Which of a ticket's choices counts: the newest by `occurredAt` that has not been retracted. A retraction may be retracted
 * itself, which restores what it had undone. The order in which the choices arrived does not matter.
 */
export function effectiveChoice<C extends ChoiceFacts>(choices: C[]): EffectiveChoice<C> {
  const byId = new Map<string, ChoiceFacts>(choices.map((choice) => [choice.choiceId, choice]));
  const retracted = retractionFilter(choices);
  const oldestFirst = choices.toSorted(
    (a, b) => a.occurredAt.getTime() - b.occurredAt.getTime() || (a.choiceId < b.choiceId ? -1 : 1),
  );
  const index = oldestFirst.findLastIndex((choice) => !retracted(choice) && !isUndo(choice, byId));
  const effective = oldestFirst[index] ?? null;
  const corrects =
    effective !== null &&
    oldestFirst
      .slice(0, index)
      .some((older) => concernsTemplates(older, byId) && older.templateId !== effective.templateId);
  return { choice: effective, corrects };
}

/** A choice is retracted where a choice that stands itself names it. */
function retractionFilter<C extends ChoiceFacts>(choices: C[]): (choice: C) => boolean {
  const retractors = new Map<string, C[]>();
  for (const choice of choices) {
    if (choice.retracts !== null) {
      retractors.set(choice.retracts, [...(retractors.get(choice.retracts) ?? []), choice]);
    }
  }
  // Two choices that retract each other make a ring, on which nobody is asked twice.
  const retracted = (choice: C, asked: ReadonlySet<C>): boolean =>
    (retractors.get(choice.choiceId) ?? []).some((by) => !asked.has(by) && !retracted(by, new Set([...asked, by])));
  return (choice) => retracted(choice, new Set([choice]));
}

/**
 * A choice that retracts another and names no other template says only "not that one". One that names another template
 * undoes and chooses in one message.
 */
function isUndo(choice: ChoiceFacts, byId: Map<string, ChoiceFacts>): boolean {
  if (choice.retracts === null) return false;
  return choice.templateId === null || choice.templateId === byId.get(choice.retracts)?.templateId;
}

/** An agent's own reply says nothing about the templates: one may have fitted and not have been seen. */
function concernsTemplates(choice: ChoiceFacts, byId: Map<string, ChoiceFacts>): boolean {
  return choice.outcome !== 'own-reply' && !isUndo(choice, byId);
}

/** How far a label can be trusted. `audit` only where no suggestion had been shown to anybody. */
export function labelProvenance(corrects: boolean, audit: boolean): Provenance {
  if (audit) return 'audit';
  return corrects ? 'correction' : 'choice';
}
