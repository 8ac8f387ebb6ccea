import { ActionIcon, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../../service/api.js';
import type { FlagReason, TicketPath } from '../../service/api-types.js';
import { FlagReport } from '../ticket/flag-report.js';

const reasons: FlagReason[] = ['wrong', 'outdated', 'sensitive', 'unclear', 'typo'];

/** What can be said of a suggested reply besides using it. */
export function ReplyMenu({
  ticket,
  reply,
  mayBlock,
}: {
  ticket: TicketPath;
  reply: { templateId: string; title: string };
  mayBlock: boolean;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [reason, setReason] = useState<FlagReason | null>(null);
  const [isReported, setReported] = useState(false);
  const block = useMutation({
    mutationFn: () => api.blockTemplate(reply.templateId),
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <>
      <Menu position="bottom-end" withinPortal={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t('flags.more')} loading={block.isPending}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('flags.report')}</Menu.Label>
          {reasons.map((one) => (
            <Menu.Item key={one} onClick={() => setReason(one)}>
              {t(`flags.${one}`)}
            </Menu.Item>
          ))}
          {mayBlock && (
            <>
              <Menu.Divider />
              <Menu.Item color="red" onClick={() => block.mutate()}>
                {t('flags.block')}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {reason && (
        <FlagReport
          ticket={ticket}
          reply={reply}
          reason={reason}
          onClose={() => setReason(null)}
          onSent={() => {
            setReason(null);
            setReported(true);
          }}
        />
      )}
      <span className="flagged" role="status">
        {block.error ? block.error.message : isReported && t('flags.submitted')}
      </span>
    </>
  );
}
