import { Button, Kbd, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { Reply, Suggestion, Ticket, TicketPath } from './api-types.js';
import type { Choice } from './choices.js';
import { useKeys, type Keys } from './keyboard.js';
import { OtherTemplate } from './other-template.js';
import { asText, fill } from './placeholders.js';
import { suggestionQuery, ticketQuery } from './queries.js';
import { Replies } from './replies.js';
import { TicketText } from './ticket-text.js';

/** What the agent wants done with the ticket that is shown. */
export interface Decision {
  outcome: 'used' | 'other-template' | 'none-fits';
  reply: Reply | null;
  /** The reply's text with the ticket's fields filled in. */
  text: string | null;
}

interface Props {
  path: TicketPath | null;
  isQueueEmpty: boolean;
  mayChoose: boolean;
  last: Choice | null;
  onDecide: (ticket: Ticket, suggestion: Suggestion | null, decision: Decision) => void;
  onUndo: () => void;
  onMove: (by: 1 | -1) => void;
  onBack: () => void;
}

const nowhere: TicketPath = { source: '', ticketId: '' };

export function TicketPane({ path, isQueueEmpty, mayChoose, last, onDecide, onUndo, onMove, onBack }: Props) {
  const ticket = useQuery({ ...ticketQuery(path ?? nowhere), enabled: path !== null });
  const suggestion = useQuery({ ...suggestionQuery(path ?? nowhere), enabled: path !== null });
  const pane = useRef<HTMLElement>(null);

  const open = mayChoose && ticket.data?.state === 'open' ? ticket.data : null;
  const use = (reply: Reply, outcome: Decision['outcome']): void => {
    if (!open) return;
    onDecide(open, suggestion.data ?? null, { outcome, reply, text: asText(fill(reply.body, open.fields)) });
  };
  const noneFits = (): void => {
    if (open && suggestion.data) onDecide(open, suggestion.data, { outcome: 'none-fits', reply: null, text: null });
  };

  const keys: Keys = {
    j: { act: () => onMove(1), repeats: true },
    k: { act: () => onMove(-1), repeats: true },
    u: { act: onUndo },
  };
  // What can't be seen, on a narrow screen behind the queue, is not decided on either.
  const ifSeen = (act: () => void) => () => {
    if (pane.current?.checkVisibility()) act();
  };
  keys['n'] = { act: ifSeen(noneFits) };
  for (const reply of suggestion.data?.items ?? []) keys[reply.rank] = { act: ifSeen(() => use(reply, 'used')) };
  useKeys(keys);

  return (
    <main className="pane" ref={pane}>
      <div className="pane-scroll">
        <Button className="back" variant="subtle" size="compact-sm" onClick={onBack}>
          ← All tickets
        </Button>
        {path === null ? (
          <Text className="nothing" c="dimmed">
            {isQueueEmpty ? 'All done. The next ticket opens here when it comes.' : ' '}
          </Text>
        ) : (
          <>
            <TicketText ticket={ticket} />
            {ticket.data && (
              <section aria-labelledby="replies-title">
                <h3 id="replies-title">Suggested replies</h3>
                <Replies
                  suggestion={suggestion}
                  fields={ticket.data.fields}
                  mayUse={open !== null}
                  onUse={(reply) => use(reply, 'used')}
                />
                {open && suggestion.data && (
                  <OtherTemplate
                    fields={ticket.data.fields}
                    shown={suggestion.data.items}
                    onUse={(reply, isShown) => use(reply, isShown ? 'used' : 'other-template')}
                  />
                )}
              </section>
            )}
          </>
        )}
      </div>
      <footer className="actions">
        <Button
          variant="default"
          disabled={!open || !suggestion.data}
          onClick={noneFits}
          rightSection={<Kbd size="xs">N</Kbd>}
        >
          None fits
        </Button>
        <Button variant="default" disabled={last === null} onClick={onUndo} rightSection={<Kbd size="xs">U</Kbd>}>
          Undo
        </Button>
        <span className="last" role="status">
          {last && said(last)}
        </span>
      </footer>
    </main>
  );
}

function said({ title, subject, copied }: Choice): string {
  if (title === null) return `None fits “${subject}”.`;
  return `“${title}” answers “${subject}”.${copied ? ' The reply is on the clipboard.' : ''}`;
}
