import { Alert, Button, Group, Kbd, Text, Textarea } from '@mantine/core';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { unfilledIn } from '../../templates/editing/placeholders.js';

/** A reply as plain text. What the ticket does not have must be filled in or taken out before it can be used. */
export function ReplyEditor({
  initial,
  isRestored,
  onChange,
  onUse,
  onCancel,
}: {
  initial: string;
  isRestored: boolean;
  onChange: (text: string) => void;
  onUse: (text: string) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(initial);
  const area = useRef<HTMLTextAreaElement>(null);
  const unfilled = unfilledIn(text);

  useEffect(() => {
    const first = /\{\{\s*[\w.-]+\s*\}\}/.exec(initial);
    // One that was half written is there again without a key: a frame leaves the focus where the agent types.
    if (document.hasFocus()) area.current?.focus();
    // The first gap is selected, so that typing fills it.
    if (first) area.current?.setSelectionRange(first.index, first.index + first[0].length);
  }, [initial]);

  const confirm = (): void => {
    if (unfilled.length === 0) onUse(text);
    else area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) confirm();
    else if (event.key === 'Escape') onCancel();
    else return;
    event.preventDefault();
  };
  return (
    <div className="editor">
      {isRestored && <Alert color="indigo">{t('editor.restored')}</Alert>}
      <Textarea
        ref={area}
        aria-label={t('editor.label')}
        autosize
        minRows={4}
        maxRows={18}
        value={text}
        onChange={({ currentTarget: { value } }) => {
          setText(value);
          onChange(value);
        }}
        onKeyDown={onKeyDown}
        error={unfilled.length > 0 && t('editor.unfilled', { names: unfilled.join(', ') })}
      />
      <Group gap="xs">
        <Button size="compact-sm" disabled={unfilled.length > 0} onClick={confirm}>
          {t('editor.use')}
        </Button>
        <Text component="span" size="xs" c="dimmed">
          <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd>
        </Text>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onCancel}>
          {t('editor.cancel')}
        </Button>
      </Group>
    </div>
  );
}
