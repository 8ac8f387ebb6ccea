import type { Choice } from '../records/choice.entity.js';
import type { Provenance } from '../records/label.entity.js';

type ChoiceFacts = Pick<Choice, 'id' | 'choiceId' | 'agent' | 'occurredAt' | 'outcome' | 'templateId' | 'retracts'>;

export interface Standing<C extends ChoiceFacts> {
  /** What counts now; null where every choice has been retracted. */
  choice: C | null;
  /** It replaced another template that an earlier choice had named, retracted or not. */
  corrects: boolean;
}

/**
 * Which of a ticket's choices counts. The newest by `occurredAt` does, unless it has been retracted; a retraction may be
 * retracted itself. The order in which the choices arrived does not matter.
 */
export function standingChoice<C extends ChoiceFacts>(choices: C[]): Standing<C> {
  const newestFirst = choices.toSorted(
    (a, b) => b.occurredAt.getTime() - a.occurredAt.getTime() || (a.choiceId < b.choiceId ? 1 : -1),
  );
  // A choice may only undo what is older than itself, so walking from the newest settles every retraction for good.
  const retracted = new Set<string>();
  for (const choice of newestFirst) {
    if (choice.retracts !== null && !retracted.has(choice.choiceId)) retracted.add(choice.retracts);
  }
  const byId = new Map(choices.map((choice) => [choice.choiceId, choice]));
  const index = newestFirst.findIndex((choice) => !retracted.has(choice.choiceId) && !isUndo(choice, byId));
  const standing = newestFirst[index] ?? null;
  const corrects =
    standing !== null &&
    newestFirst.slice(index + 1).some((older) => older.templateId !== null && older.templateId !== standing.templateId);
  return { choice: standing, corrects };
}

/**
 * A choice that retracts another and names no other template says only "not that one". One that names another template
 * undoes and chooses in one message.
 */
function isUndo(choice: ChoiceFacts, byId: Map<string, ChoiceFacts>): boolean {
  if (choice.retracts === null) return false;
  return choice.templateId === null || choice.templateId === byId.get(choice.retracts)?.templateId;
}

/** How far a label can be trusted. `audit` only where no suggestion had been shown to anybody. */
export function provenanceOf(corrects: boolean, audit: boolean): Provenance {
  if (audit) return 'audit';
  return corrects ? 'correction' : 'choice';
}
