import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../../service/api.js';
import type { FlagReason, TicketPath } from '../../service/api-types.js';

const maxNote = 500;

/** What an agent finds wrong with a reply, in a word and, where one more sentence helps, in words. */
export function FlagReport({
  ticket,
  reply,
  reason,
  onClose,
  onSent,
}: {
  ticket: TicketPath;
  reply: { templateId: string; title: string };
  reason: FlagReason;
  onClose: () => void;
  onSent: () => void;
}) {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  /** The same however often it is tried */
  const [flagId] = useState(() => crypto.randomUUID());
  const flag = useMutation({
    mutationFn: () => api.flag(ticket, { flagId, templateId: reply.templateId, reason, note }),
    onSuccess: onSent,
  });
  return (
    <Modal opened onClose={onClose} title={t('flags.title', { reply: reply.title })} centered lockScroll={false}>
      <form
        className="flag-report"
        onSubmit={(event) => {
          event.preventDefault();
          flag.mutate();
        }}
      >
        <p>{t('flags.reasonLine', { reason: t(`flags.${reason}`) })}</p>
        <TextInput
          data-autofocus
          label={t('flags.note')}
          description={t('flags.noteDescription')}
          maxLength={maxNote}
          value={note}
          onChange={({ currentTarget: { value } }) => setNote(value)}
          error={flag.error?.message}
        />
        <div className="flag-actions">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={flag.isPending}>
            {t('flags.send')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
