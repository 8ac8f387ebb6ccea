import { Button, Kbd, Text } from '@mantine/core';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Reply, Suggestion, Ticket, TicketPath } from '../../service/api-types.js';
import type { Choice, Decision } from '../replies/choices.js';
import { leaveButton, useKeys, type Keys } from '../../ui/keyboard.js';
import { OtherTemplate, searchFieldId } from '../replies/other-template.js';
import { explanationQuery } from '../../service/queries.js';
import { Replies, shownReplies } from '../replies/replies.js';
import { ReplyCard } from '../replies/reply-card.js';
import { ReplyMenu } from '../replies/reply-menu.js';
import { ReplyEditor } from '../replies/reply-editor.js';
import { SimilarTickets } from './similar-tickets.js';
import { useTakenReply } from '../replies/taken-reply.js';
import { TicketText } from './ticket-text.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import { Why, wordsOf } from '../replies/why.js';

export interface Props {
  path: TicketPath | null;
  ticket: UseQueryResult<Ticket | null>;
  suggestion: UseQueryResult<Suggestion | null>;
  /** The service knows the ticket: what is decided about it is kept. */
  isRecorded: boolean;
  /** Beside a conversation that shows the text anyway */
  isFolded?: boolean;
  isQueueEmpty?: boolean;
  mayChoose: boolean;
  mayBlock: boolean;
  last: Choice | null;
  /** The reply goes into the helpdesk's editor, not onto the clipboard. */
  insertsReply?: boolean;
  /** Shown instead of the last choice */
  note?: string | null;
  onDecide: (ticket: Ticket, suggestion: Suggestion | null, decision: Decision) => void;
  onUndo: () => void;
  onMove?: (by: 1 | -1) => void;
  onBack?: () => void;
}

export const nowhere: TicketPath = { source: '', ticketId: '' };
const nothing: never[] = [];

/** One ticket, and all that can be done with it. */
export function TicketPane(props: Props) {
  const { path, ticket, suggestion, isRecorded, mayChoose, mayBlock, last, onDecide, onUndo, onMove, onBack } = props;
  const { t } = useTranslation();
  const [why, setWhy] = useState(false);
  const [similar, setSimilar] = useState(false);
  const explanation = useQuery({ ...explanationQuery(path ?? nowhere), enabled: path !== null && why });
  const pane = useRef<HTMLElement>(null);

  const items = suggestion.data?.items ?? nothing;
  const ranked = useMemo(() => items.map(({ templateId }) => templateId), [items]);
  const shown = items.slice(0, shownReplies);
  const open = mayChoose && ticket.data?.state === 'open' ? ticket.data : null;
  const decide = (outcome: Decision['outcome'], reply: Reply | null, text: string | null): void => {
    if (!open || !suggestion.data) return;
    const decision = { outcome, reply, text, shown: shown.map(({ templateId }) => templateId) };
    onDecide(open, suggestion.data, decision);
  };
  const taken = useTakenReply(path, ticket.data?.fields ?? {}, (reply, text, isEdited) => {
    const wasShown = shown.some(({ templateId }) => templateId === reply.templateId);
    decide(isEdited ? 'edited' : wasShown ? 'used' : 'other-template', reply, text);
  });
  const inQuestion = shown.find(({ templateId }) => templateId === taken.reply?.templateId) ?? shown[0] ?? null;
  const marks = (why ? wordsOf(explanation.data, inQuestion) : null) ?? nothing;
  const noneFits = (): void => decide('none-fits', null, null);

  const keys: Keys = { u: { act: onUndo } };
  if (onMove) {
    keys['j'] = { act: () => onMove(1), repeats: true };
    keys['k'] = { act: () => onMove(-1), repeats: true };
  }
  // What can't be seen, on a narrow screen behind the queue, is not decided on either.
  const ifSeen = (act: () => void) => () => {
    if (pane.current?.checkVisibility()) act();
  };
  if (isRecorded && inQuestion) keys['w'] = { act: ifSeen(() => setWhy(!why)) };
  if (isRecorded && ticket.data) keys['s'] = { act: ifSeen(() => setSimilar(!similar)) };
  if (open) {
    if (isRecorded) keys['n'] = { act: ifSeen(noneFits) };
    keys['/'] = { act: ifSeen(() => document.getElementById(searchFieldId)?.focus()) };
    const take = (reply: Reply): void => {
      leaveButton();
      taken.take(reply);
    };
    for (const reply of shown) keys[reply.rank] = { act: ifSeen(() => take(reply)) };
    if (taken.reply) {
      keys['enter'] = { act: ifSeen(taken.use) };
      keys['e'] = { act: ifSeen(taken.edit) };
      keys['escape'] = { act: taken.putBack };
    }
  }
  useKeys(keys);

  const card = (reply: Reply, place: number | null, probability: number | null) => {
    const isTaken = taken.reply?.templateId === reply.templateId;
    return (
      <ReplyCard
        reply={reply}
        fields={ticket.data?.fields ?? {}}
        place={place}
        probability={probability}
        isTaken={isTaken}
        mayUse={open !== null}
        insertsReply={props.insertsReply === true}
        editor={isTaken && taken.draft ? <ReplyEditor {...taken.draft} /> : null}
        menu={isRecorded && open && <ReplyMenu ticket={open} reply={reply} mayBlock={mayBlock} />}
        onTake={() => taken.take(reply)}
        onUse={taken.use}
        onEdit={taken.edit}
      />
    );
  };
  const lookedUp = taken.reply && !shown.some(({ templateId }) => templateId === taken.reply?.templateId);
  return (
    <main className="pane" ref={pane}>
      <div className="pane-scroll">
        {onBack && (
          <Button className="back" variant="subtle" size="compact-sm" onClick={onBack}>
            {t('ticket.back')}
          </Button>
        )}
        {path === null ? (
          <Text className="nothing" c="dimmed">
            {props.isQueueEmpty ? t('ticket.queueEmpty') : ' '}
          </Text>
        ) : (
          <>
            <TicketText ticket={ticket} words={marks} isFolded={props.isFolded === true && !why} />
            {why && inQuestion && <Why explanation={explanation} reply={inQuestion} />}
            {ticket.data && (
              <section aria-labelledby="replies-title">
                <header className="replies-head">
                  <h3 id="replies-title">{t('replies.title')}</h3>
                  <TermInfo term="confidence" name={t('replies.confidence')} />
                  {isRecorded && inQuestion && (
                    <Toggle name={t('why.show')} letter="W" isOn={why} onToggle={() => setWhy(!why)} />
                  )}
                  {isRecorded && (
                    <Toggle name={t('similar.show')} letter="S" isOn={similar} onToggle={() => setSimilar(!similar)} />
                  )}
                </header>
                <Replies suggestion={suggestion} card={card} />
                {/* There before the suggestion is: what is typed after / must never be taken for other keys. */}
                {open && <OtherTemplate ranked={ranked} onTake={taken.take} />}
                {lookedUp && taken.reply && card(taken.reply, null, null)}
                {similar && <SimilarTickets path={path} />}
              </section>
            )}
          </>
        )}
      </div>
      <footer className="actions">
        {isRecorded && (
          <Button
            variant="default"
            disabled={!open || !suggestion.data}
            onClick={noneFits}
            rightSection={<Kbd size="xs">N</Kbd>}
          >
            {t('ticket.noReplyFits')}
          </Button>
        )}
        {(isRecorded || last) && (
          <Button variant="default" disabled={last === null} onClick={onUndo} rightSection={<Kbd size="xs">U</Kbd>}>
            {t('ticket.undo')}
          </Button>
        )}
        <span className="last" role="status">
          {props.note ?? (last && choiceText(t, last))}
        </span>
      </footer>
    </main>
  );
}

function Toggle({
  name,
  letter,
  isOn,
  onToggle,
}: {
  name: string;
  letter: string;
  isOn: boolean;
  onToggle: () => void;
}) {
  return (
    <Button
      size="compact-sm"
      variant={isOn ? 'light' : 'subtle'}
      color={isOn ? 'indigo' : 'gray'}
      aria-pressed={isOn}
      onClick={onToggle}
      rightSection={<Kbd size="xs">{letter}</Kbd>}
    >
      {name}
    </Button>
  );
}

function choiceText(t: TFunction, { title, subject, delivered }: Choice): string {
  const what =
    title === null ? t('ticket.markedNoReplyFits', { subject }) : t('ticket.answeredWith', { title, subject });
  return delivered ? `${what} ${t(`ticket.${delivered}`)}` : what;
}
