import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const keys = [
  [['1', '2', '3'], 'select'],
  [['Enter'], 'use'],
  [['E'], 'edit'],
  [['Ctrl', 'Enter'], 'useEdited'],
  [['/'], 'search'],
  [['W'], 'explain'],
  [['S'], 'similar'],
  [['N'], 'noReplyFits'],
  [['U'], 'undo'],
  [['J', 'K'], 'navigate'],
  [['Esc'], 'deselect'],
  [['?'], 'help'],
] as const;

export function KeysHelp({
  opened,
  onClose,
  without = [],
}: {
  opened: boolean;
  onClose: () => void;
  /** Keys that do nothing here */
  without?: readonly (typeof keys)[number][1][];
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t('keys.title')} centered lockScroll={false}>
      <dl className="keys-help">
        {keys
          .filter(([, does]) => !without.includes(does))
          .map(([names, does]) => (
            <div key={does}>
              <dt>
                {names.map((name) => (
                  <Kbd key={name}>{name}</Kbd>
                ))}
              </dt>
              <dd>{t(`keys.${does}`)}</dd>
            </div>
          ))}
      </dl>
    </Modal>
  );
}
