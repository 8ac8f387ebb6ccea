/** What the agent decides. A choice is sent until the service has it; its id is made here, so a second try does no harm. */
import { useMutation, useMutationState, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import * as api from '../../service/api.js';
import type { ChoiceBody, Reply, Suggestion, Ticket, TicketPath } from '../../service/api-types.js';
import type { Deliver, Delivery } from './delivery.js';
import { ticketKey } from '../../service/queries.js';
import { refreshQueue } from '../../service/queue-refresh.js';
import { pathOf } from '../../service/ticket-path.js';

export interface Choice {
  ticket: TicketPath;
  /** What the agent knows the ticket by. */
  subject: string;
  /** Title of the reply; null for "none fits". */
  title: string | null;
  /** Where the reply lies now, for the agent to send it; null where that is nowhere, or not yet. */
  delivered: Delivery | null;
  body: ChoiceBody;
}

/** What the agent wants done with the ticket that is shown. */
export interface Decision {
  outcome: 'used' | 'edited' | 'other-template' | 'none-fits';
  reply: Reply | null;
  /** What the customer gets */
  text: string | null;
  /** Template ids as they stood on the page, in their order */
  shown: string[];
}

/** What is sent of a decision. */
export function choiceOf(ticket: Ticket, suggestion: Suggestion | null, decision: Decision): Choice {
  return {
    ticket: pathOf(ticket),
    subject: ticket.subject || ticket.body.slice(0, 60),
    title: decision.reply?.title ?? null,
    delivered: null,
    body: {
      choiceId: crypto.randomUUID(),
      outcome: decision.outcome,
      templateId: decision.reply?.templateId ?? null,
      suggestionId: suggestion?.suggestionId ?? null,
      shown: decision.shown,
      retracts: null,
    },
  };
}

export interface FailedChoice {
  choice: Choice;
  why: string;
}

const mutationKey = ['choice'];
const retryMs = 2_000;

/**
 * @param deliver takes the reply to where it is sent from
 * @param onUndone the choice is retracted, and its ticket open again
 */
export function useChoices(deliver: Deliver, onUndone: (ticket: TicketPath) => void) {
  const client = useQueryClient();
  const [made, setMade] = useState<Choice[]>([]);
  const [failed, setFailed] = useState<FailedChoice[]>([]);
  const waiting = useMutationState({
    filters: { mutationKey, status: 'pending' },
    select: ({ state }) => state.variables as Choice,
  });
  /** A stream of events may hang for a while before it is known to be dead: a choice that can't be sent tells it sooner. */
  const isHeldUp = useMutationState({
    filters: { mutationKey, status: 'pending' },
    select: ({ state }) => state.failureCount > 0,
  }).some(Boolean);
  const without = (choice: Choice) => (choices: Choice[]) =>
    choices.filter(({ body }) => body.choiceId !== choice.body.choiceId);

  const { mutate } = useMutation({
    mutationKey,
    // One after the other: an undo must not overtake what it undoes.
    scope: { id: 'choices' },
    mutationFn: ({ ticket, body }: Choice) => api.choose(ticket, body),
    retry: (_failures, error) => api.isOutage(error),
    retryDelay: retryMs,
    onError: (error, choice) => {
      setMade(without(choice));
      setFailed((all) => [...all, { choice, why: error.message }]);
    },
    // The choice counts as waiting until the queue without its ticket is here: else the ticket would flash up again.
    onSettled: (_answer, _error, { ticket }) =>
      Promise.all([refreshQueue(client, [ticket]), client.invalidateQueries({ queryKey: ticketKey(ticket) })]),
  });

  const choose = (choice: Choice, reply: string | null): void => {
    setMade((choices) => [...choices, choice]);
    mutate(choice);
    if (reply === null) return;
    void deliver(reply).then((delivered) =>
      setMade((choices) =>
        choices.map((one) => (one.body.choiceId === choice.body.choiceId ? { ...one, delivered } : one)),
      ),
    );
  };

  const undo = (): void => {
    const last = made.at(-1);
    if (!last) return;
    setMade(without(last));
    const { outcome, templateId, suggestionId, choiceId } = last.body;
    const body = { choiceId: crypto.randomUUID(), outcome, templateId, suggestionId, shown: null, retracts: choiceId };
    mutate({ ...last, body }, { onSuccess: () => onUndone(last.ticket) });
  };

  const dismiss = (): void => setFailed((all) => all.slice(1));
  const tryAgain = (): void => {
    const first = failed[0];
    if (!first) return;
    dismiss();
    if (first.choice.body.retracts === null) setMade((choices) => [...choices, first.choice]);
    mutate(first.choice);
  };

  return { choose, undo, last: made.at(-1) ?? null, waiting, isHeldUp, failure: failed[0] ?? null, tryAgain, dismiss };
}
