import { Alert, Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { useChoices } from './replies/choices.js';
import type { Connection } from '../service/live.js';

/** What went wrong, and what can be done about it. */
export function Banners({
  connection,
  choices: { waiting, isHeldUp, failure, tryAgain, dismiss },
}: {
  connection: Connection;
  choices: Pick<ReturnType<typeof useChoices>, 'waiting' | 'isHeldUp' | 'failure' | 'tryAgain' | 'dismiss'>;
}) {
  const { t } = useTranslation();
  return (
    <div className="banners">
      {(connection === 'away' || isHeldUp) && (
        <Alert color="yellow" role="alert" title={t('banners.unavailable')}>
          {t('banners.stale')}
          {waiting.length > 0 && ` ${t('banners.saving', { count: waiting.length })}`}
        </Alert>
      )}
      {failure && (
        <Alert color="red" role="alert" title={t('banners.notSaved', { subject: failure.choice.subject })}>
          <Group justify="space-between">
            <Text size="sm">{failure.why}</Text>
            <Group gap="xs">
              <Button size="compact-sm" color="red" onClick={tryAgain}>
                {t('app.retry')}
              </Button>
              <Button size="compact-sm" color="red" variant="subtle" onClick={dismiss}>
                {t('app.dismiss')}
              </Button>
            </Group>
          </Group>
        </Alert>
      )}
    </div>
  );
}
