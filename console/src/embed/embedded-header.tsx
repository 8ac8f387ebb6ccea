import { ActionIcon, Menu } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Actor } from '../service/api-types.js';
import { useKeys } from '../ui/keyboard.js';
import { KeysHelp } from '../agent/keys-help.js';
import { chooseLanguage, languages } from '../service/language.js';
import type { Connection } from '../service/live.js';
import { useSignOut } from '../ui/sign-out.js';

/** As little as there is room for. */
export function EmbeddedHeader({ actor, connection }: { actor: Actor; connection: Connection }) {
  const { t } = useTranslation();
  const [helps, setHelps] = useState(false);
  const leave = useSignOut();
  useKeys({ '?': { act: () => setHelps(true) } });
  return (
    <header className="top">
      <h1 className="brand">Replyrank</h1>
      <span className="connection" data-state={connection} role="status">
        {t(`app.${connection}`)}
      </span>
      <ActionIcon variant="subtle" color="gray" aria-label={t('keys.show')} onClick={() => setHelps(true)}>
        ?
      </ActionIcon>
      <Menu position="bottom-end" withinPortal={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t('embed.more')} loading={leave.isPending}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('app.signedInAs', { name: actor.name, role: actor.role })}</Menu.Label>
          {Object.entries(languages).map(([code, label]) => (
            <Menu.Item key={code} lang={code} onClick={() => chooseLanguage(code)}>
              {label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => leave.mutate()}>{t('app.signOut')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <KeysHelp opened={helps} onClose={() => setHelps(false)} without={['navigate']} />
    </header>
  );
}
