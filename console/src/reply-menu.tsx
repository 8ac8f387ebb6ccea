import { ActionIcon, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import * as api from './api.js';
import type { FlagReason, TicketPath } from './api-types.js';

const reasons: FlagReason[] = ['wrong', 'outdated', 'sensitive', 'unclear', 'typo'];

/** What can be said of a suggested reply besides using it. */
export function ReplyMenu({
  ticket,
  templateId,
  mayBlock,
}: {
  ticket: TicketPath;
  templateId: string;
  mayBlock: boolean;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const flag = useMutation({
    mutationFn: (reason: FlagReason) => api.flag(ticket, { flagId: crypto.randomUUID(), templateId, reason }),
  });
  const block = useMutation({
    mutationFn: () => api.blockTemplate(templateId),
    onSuccess: () => client.invalidateQueries(),
  });
  const failure = flag.error ?? block.error;
  return (
    <>
      <Menu position="bottom-end" withinPortal={false}>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('flags.more')}
            loading={flag.isPending || block.isPending}
          >
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('flags.report')}</Menu.Label>
          {reasons.map((reason) => (
            <Menu.Item key={reason} onClick={() => flag.mutate(reason)}>
              {t(`flags.${reason}`)}
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
      <span className="flagged" role="status">
        {failure ? failure.message : flag.isSuccess && t('flags.thanks')}
      </span>
    </>
  );
}
