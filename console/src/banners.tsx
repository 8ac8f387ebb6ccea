import { Alert, Button, Group, Text } from '@mantine/core';
import type { useChoices } from './choices.js';
import type { Connection } from './live.js';

/** What went wrong, and what can be done about it. */
export function Banners({
  connection,
  choices: { waiting, failure, tryAgain, dismiss },
}: {
  connection: Connection;
  choices: Pick<ReturnType<typeof useChoices>, 'waiting' | 'failure' | 'tryAgain' | 'dismiss'>;
}) {
  return (
    <div className="banners">
      {connection === 'away' && (
        <Alert color="yellow" role="alert" title="The service can't be reached">
          What you see may be out of date. The page tries again by itself.
          {waiting.length > 0 &&
            ` ${waiting.length} of your choices ${waiting.length === 1 ? 'waits' : 'wait'} to be stored: leave the page open.`}
        </Alert>
      )}
      {failure && (
        <Alert color="red" role="alert" title={`The choice for “${failure.choice.subject}” was not stored`}>
          <Group justify="space-between">
            <Text size="sm">{failure.why}</Text>
            <Group gap="xs">
              <Button size="compact-sm" color="red" onClick={tryAgain}>
                Try again
              </Button>
              <Button size="compact-sm" color="red" variant="subtle" onClick={dismiss}>
                Dismiss
              </Button>
            </Group>
          </Group>
        </Alert>
      )}
    </div>
  );
}
