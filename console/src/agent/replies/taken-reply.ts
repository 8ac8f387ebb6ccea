import { useState } from 'react';
import type { Reply, Ticket, TicketPath } from '../../service/api-types.js';
import { draftOf, keepDraft } from '../../service/drafts.js';
import { asText, fill, missingIn } from '../../templates/editing/placeholders.js';
import { idOf } from '../../service/ticket-path.js';

/**
 * The reply that the agent has taken in hand, and the draft it becomes once it is edited. One that lacks something from the
 * ticket is edited before it can be used: nothing goes out with a gap that nobody has seen.
 *
 * @param path never changes: each ticket has a pane of its own
 * @param onUse `isEdited` where the text is not the template's any more
 */
export function useTakenReply(
  path: TicketPath | null,
  fields: Ticket['fields'],
  onUse: (reply: Reply, text: string, isEdited: boolean) => void,
) {
  const id = path ? idOf(path) : '';
  const [restored] = useState(() => draftOf(id));
  const [reply, setReply] = useState<Reply | null>(restored?.reply ?? null);
  const [initial, setInitial] = useState<string | null>(restored?.text ?? null);

  const take = (taken: Reply): void => {
    if (taken.templateId === reply?.templateId) return;
    setReply(taken);
    setInitial(null);
  };
  const putBack = (): void => {
    setReply(null);
    setInitial(null);
    keepDraft(id, null);
  };
  const edit = (): void => {
    if (reply) setInitial(asText(fill(reply.body, fields)));
  };
  const use = (): void => {
    if (!reply) return;
    const pieces = fill(reply.body, fields);
    if (missingIn(pieces).length > 0) edit();
    else onUse(reply, asText(pieces), false);
  };
  const draft =
    reply === null || initial === null
      ? null
      : {
          initial,
          isRestored: initial === restored?.text,
          onChange: (text: string) => keepDraft(id, { reply, text }),
          onUse: (text: string) => {
            keepDraft(id, null);
            onUse(reply, text, text !== asText(fill(reply.body, fields)));
          },
          onCancel: () => {
            setInitial(null);
            keepDraft(id, null);
          },
        };
  return { reply, draft, take, putBack, edit, use };
}
