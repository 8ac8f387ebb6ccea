import type { Choice } from '../../records/tickets/choice.entity.js';
import type { Provenance } from '../../records/tickets/label.entity.js';

type ChoiceFacts = Pick<Choice, 'choiceId' | 'occurredAt' | 'outcome' | 'templateId' | 'retracts'>;

export interface EffectiveChoice<C extends ChoiceFacts> {
  /** Null if every choice has been retracted */
  choice: C | null;
  /** It names another template than an earlier choice, retracted or not */
  corrects: boolean;
}

/**
 * The effective choice of a ticket: the newest by `occurredAt` that has not been retracted. Retracting a retraction restores the
 * choice. The order of arrival does not matter.
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

/** A choice is retracted if a choice that is not retracted itself names it. */
function retractionFilter<C extends ChoiceFacts>(choices: C[]): (choice: C) => boolean {
  const retractors = new Map<string, C[]>();
  for (const choice of choices) {
    if (choice.retracts !== null) {
      retractors.set(choice.retracts, [...(retractors.get(choice.retracts) ?? []), choice]);
    }
  }
  // Choices that retract each other form a cycle, so each is visited once.
  const retracted = (choice: C, visited: ReadonlySet<C>): boolean =>
    (retractors.get(choice.choiceId) ?? []).some((by) => !visited.has(by) && !retracted(by, new Set([...visited, by])));
  return (choice) => retracted(choice, new Set([choice]));
}

/**
 * A choice that retracts another and names no other template is only an undo. One that names another template is undo and choice
 * in one message.
 */
function isUndo(choice: ChoiceFacts, byId: Map<string, ChoiceFacts>): boolean {
  if (choice.retracts === null) return false;
  return choice.templateId === null || choice.templateId === byId.get(choice.retracts)?.templateId;
}

/** An agent's own reply is no evidence about templates: a fitting one may have been overlooked. */
function concernsTemplates(choice: ChoiceFacts, byId: Map<string, ChoiceFacts>): boolean {
  return choice.outcome !== 'own-reply' && !isUndo(choice, byId);
}

/** `audit` only if no suggestion was shown. */
export function labelProvenance(corrects: boolean, audit: boolean): Provenance {
  if (audit) return 'audit';
  return corrects ? 'correction' : 'choice';
}
