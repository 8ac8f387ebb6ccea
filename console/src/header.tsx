import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoute } from 'wouter';
import * as api from './api.js';
import type { Actor } from './api-types.js';
import { dropDrafts } from './drafts.js';
import { useKeys } from './keyboard.js';
import { KeysHelp } from './keys-help.js';
import { chooseLanguage, languages } from './language.js';
import type { Connection } from './live.js';
import { queuePath } from './pages.js';

export function Header({ actor, connection }: { actor: Actor; connection: Connection }) {
  const { t, i18n } = useTranslation();
  const [helps, setHelps] = useState(false);
  const [isQueue] = useRoute(queuePath(actor.role));
  useKeys(isQueue ? { '?': { act: () => setHelps(true) } } : {});
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: api.signOut,
    // Nothing of what was read stays behind for whoever sits down next.
    onSuccess: () => {
      dropDrafts();
      return client.resetQueries();
    },
  });
  return (
    <header className="top" data-page={isQueue ? 'queue' : undefined}>
      <h1 className="brand">Replyrank</h1>
      <span className="connection" data-state={connection} role="status">
        {t(`app.${connection}`)}
      </span>
      {isQueue && (
        <Button className="keys" variant="subtle" color="gray" size="compact-sm" onClick={() => setHelps(true)}>
          {t('keys.show')} ?
        </Button>
      )}
      <KeysHelp opened={helps} onClose={() => setHelps(false)} />
      <NativeSelect
        size="xs"
        aria-label={t('app.language')}
        value={i18n.language}
        onChange={({ currentTarget: { value } }) => chooseLanguage(value)}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
      />
      <span className="actor" title={t('app.signedInAs', { name: actor.name, role: actor.role })}>
        {actor.name}
      </span>
      <Button variant="subtle" color="gray" size="compact-sm" loading={leave.isPending} onClick={() => leave.mutate()}>
        {t('app.signOut')}
      </Button>
    </header>
  );
}
