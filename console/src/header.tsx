import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoute } from 'wouter';
import type { Actor } from './service/api-types.js';
import { useKeys } from './ui/keyboard.js';
import { KeysHelp } from './agent/keys-help.js';
import { chooseLanguage, languages } from './service/language.js';
import type { Connection } from './service/live.js';
import { queuePath } from './pages.js';
import { useSignOut } from './ui/sign-out.js';

export function Header({ actor, connection }: { actor: Actor; connection: Connection }) {
  const { t, i18n } = useTranslation();
  const [helps, setHelps] = useState(false);
  const [isQueue] = useRoute(queuePath(actor.role));
  useKeys(isQueue ? { '?': { act: () => setHelps(true) } } : {});
  const leave = useSignOut();
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
