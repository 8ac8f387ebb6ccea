import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/records/tickets/choice.entity.js';
import { effectiveChoice } from '../../../src/suggest/choices/effective-choice.js';

interface Made {
  choiceId: string;
  occurredAt: Date;
  outcome: Outcome;
  templateId: string | null;
  retracts: string | null;
}

/** A choice of `templateId`; null stands for "no template fits". */
function choice(choiceId: string, minute: number, templateId: string | null, rest: Partial<Made> = {}): Made {
  const outcome = templateId === null ? 'none-fits' : 'used';
  return {
    choiceId,
    occurredAt: new Date(Date.UTC(2026, 10, 23, 9, minute)),
    outcome,
    templateId,
    retracts: null,
    ...rest,
  };
}

const undo = (choiceId: string, minute: number, undone: Made): Made =>
  choice(choiceId, minute, undone.templateId, { outcome: undone.outcome, retracts: undone.choiceId });

const effectiveId = (choices: Made[]): string | null => effectiveChoice(choices).choice?.choiceId ?? null;

/** Choices of one ticket in which some retract others, also later, unknown or each other. */
const anyChoices = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 5 }),
      templateId: fc.constantFrom('a', 'b', null),
      retracts: fc.option(fc.integer({ min: 0, max: 9 }), { freq: 2 }),
    }),
    { maxLength: 8 },
  )
  .map((drawn) =>
    drawn.map(({ minute, templateId, retracts }, index) =>
      choice(`c${index}`, minute, templateId, {
        retracts: retracts === index ? null : retracts === null ? null : `c${retracts}`,
      }),
    ),
  );

describe('which choice of a ticket counts', () => {
  test('the newest by the time it was made, whatever came last', () => {
    expect(effectiveId([choice('late', 9, 'a'), choice('early', 1, 'b')])).toBe('late');
    expect(effectiveId([])).toBeNull();
  });

  test('does not depend on the order of arrival', () => {
    fc.assert(
      fc.property(
        anyChoices.chain((choices) =>
          fc.tuple(fc.constant(choices), fc.shuffledSubarray(choices, { minLength: choices.length })),
        ),
        ([choices, shuffled]) => {
          expect(effectiveChoice(shuffled)).toEqual(effectiveChoice(choices));
        },
      ),
    );
  });

  test('without what was retracted: as if it had never been made', () => {
    fc.assert(
      fc.property(anyChoices, (choices) => {
        const mistake = choice('mistake', 30, 'a');
        expect(effectiveId([...choices, mistake])).toBe('mistake');
        expect(effectiveId([...choices, mistake, undo('undo', 31, mistake)])).toBe(effectiveId(choices));
      }),
    );
  });

  test('and a retraction that is retracted restores it', () => {
    fc.assert(
      fc.property(anyChoices, fc.integer({ min: 0, max: 60 }), (choices, minute) => {
        const right = choice('right', 30, 'a');
        const slip = undo('slip', minute, right);
        expect(effectiveId([...choices, right, slip, undo('sorry', minute, slip)])).toBe('right');
      }),
    );
  });

  test('a retraction may come before what it undoes', () => {
    const used = choice('used', 5, 'a');
    expect(effectiveId([undo('undo', 6, used)])).toBe('undo');
    expect(effectiveId([undo('undo', 6, used), used])).toBeNull();
  });

  test('one that names another template undoes and chooses at once', () => {
    const wrong = choice('wrong', 1, 'a');
    expect(effectiveId([wrong, choice('better', 2, 'b', { retracts: 'wrong' })])).toBe('better');
  });
});

describe('a label is a correction', () => {
  const corrects = (...choices: Made[]): boolean => effectiveChoice(choices).corrects;

  test('where an earlier choice said something else of the templates', () => {
    expect(corrects(choice('1', 1, 'a'), choice('2', 2, 'b'))).toBe(true);
    expect(corrects(choice('1', 1, null), choice('2', 2, 'b'))).toBe(true);
    expect(corrects(choice('1', 1, 'a'), choice('2', 2, null))).toBe(true);
  });

  test('not where it said the same, nothing, or came later', () => {
    const own = choice('1', 1, null, { outcome: 'own-reply' });
    expect(corrects(choice('1', 1, 'a'), choice('2', 2, 'a'))).toBe(false);
    expect(corrects(own, choice('2', 2, 'a'))).toBe(false);
    expect(corrects(choice('1', 1, 'a'))).toBe(false);
  });
});
