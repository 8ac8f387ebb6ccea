import { Alert, Button, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../api.js';

type Named = Pick<api.Template, 'id' | 'title'>;

/** Blocks with one click, and takes the last one back with another. */
export function useBlocking() {
  const client = useQueryClient();
  const [last, setLast] = useState<Named | null>(null);
  const order = useMutation({
    mutationFn: ({ template, state }: { template: Named; state: 'blocked' | 'allowed' }) =>
      api.change(template.id, { state }),
    onSuccess: (_answer, { template, state }) => {
      setLast(state === 'blocked' ? template : null);
      return client.invalidateQueries();
    },
  });
  return {
    last,
    error: order.error,
    isBusy: order.isPending,
    block: (template: Named): void => order.mutate({ template, state: 'blocked' }),
    undo: (): void => {
      if (last) order.mutate({ template: last, state: 'allowed' });
    },
  };
}

export function BlockedNotice({ blocking }: { blocking: ReturnType<typeof useBlocking> }) {
  const { t } = useTranslation('templates');
  const { last, error, undo, isBusy } = blocking;
  return (
    <div role="status" className="blocked-notice">
      {error ? (
        <Alert color="red">{error.message}</Alert>
      ) : (
        last && (
          <Alert color="gray">
            <Group justify="space-between" gap="xs">
              <span>{t('list.blocked', { title: last.title })}</span>
              <Button size="compact-sm" variant="default" loading={isBusy} onClick={undo}>
                {t('list.undo')}
              </Button>
            </Group>
          </Alert>
        )
      )}
    </div>
  );
}
