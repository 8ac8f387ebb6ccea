import { Button, Kbd } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import * as api from './api.js';
import type { Actor } from './api-types.js';
import type { Connection } from './live.js';

const words: Record<Connection, string> = { connecting: 'Connecting …', live: 'Live', away: 'Reconnecting …' };

export function Header({ actor, connection }: { actor: Actor; connection: Connection }) {
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: api.signOut,
    // Nothing of what was read stays behind for whoever sits down next.
    onSuccess: () => client.resetQueries(),
  });
  return (
    <header className="top">
      <h1 className="brand">Replyrank</h1>
      <span className="connection" data-state={connection} role="status">
        {words[connection]}
      </span>
      <span className="keys" aria-hidden="true">
        <Kbd size="xs">1</Kbd>–<Kbd size="xs">3</Kbd> use a reply <Kbd size="xs">N</Kbd> none fits{' '}
        <Kbd size="xs">U</Kbd> undo <Kbd size="xs">J</Kbd> <Kbd size="xs">K</Kbd> next, previous
      </span>
      <span className="actor" title={`Signed in as ${actor.name}, role ${actor.role}`}>
        {actor.name}
      </span>
      <Button variant="subtle" color="gray" size="compact-sm" loading={leave.isPending} onClick={() => leave.mutate()}>
        Sign out
      </Button>
    </header>
  );
}
