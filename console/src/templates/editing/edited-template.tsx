import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../api.js';
import { changedFields, fieldsOf, type Fields } from './draft.js';
import { LeaveGuard } from './leave-guard.js';
import { renamed } from './placeholder-check.js';
import { Preview } from './preview.js';
import { templateQuery } from '../queries.js';
import { TemplateForm } from './template-form.js';
import { TextDiff } from './text-diff-place.js';
import type { TemplateDraft } from './use-draft.js';

/** The text of a template and what agents see of it. Nobody's change is overwritten unseen. */
export function EditedTemplate({
  template,
  draft,
  examples,
  mayEdit,
}: {
  template: api.TemplateWithHistory;
  draft: TemplateDraft;
  examples: api.Statistics['examples'] | undefined;
  mayEdit: boolean;
}) {
  const { t } = useTranslation('templates');
  const client = useQueryClient();
  const { fields, isUnsaved } = draft;
  const { queryKey } = templateQuery(template.id);
  const save = useMutation({
    mutationFn: (sent: Fields) =>
      api.change(template.id, { ...changedFields(draft.base, sent), revision: template.revision }),
    onSuccess: async ({ revision }, sent) => {
      await client.invalidateQueries({ queryKey });
      draft.saved(sent, revision);
      void client.invalidateQueries();
    },
    // Somebody was faster: what they did is shown.
    onError: () => client.invalidateQueries({ queryKey }),
  });
  // What is being saved may be there already, and is nobody else's change.
  const conflict = save.isPending ? null : draft.conflict;
  const isFilled = fields.title.trim() !== '' && fields.body.trim() !== '';
  const canSave = isUnsaved && isFilled && !conflict && !save.isPending;
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || !mayEdit) return;
    event.preventDefault();
    if (canSave) save.mutate(fields);
  });
  useEffect(() => {
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  const discard = (): void => {
    draft.discard();
    save.reset();
  };
  return (
    <div className="template-editor">
      <form
        className="ml-section"
        aria-label={t('editor.text')}
        onSubmit={(event) => {
          event.preventDefault();
          if (canSave) save.mutate(fields);
        }}
      >
        {draft.isRestored && isUnsaved && !conflict && <Alert color="indigo">{t('editor.restored')}</Alert>}
        {conflict && <Conflict theirs={conflict} base={draft.base} onMine={draft.keepMine} onTheirs={discard} />}
        <TemplateForm fields={fields} onChange={draft.change} isReadOnly={!mayEdit} />
        {mayEdit ? (
          <Group gap="xs" className="editor-foot">
            <Button type="submit" size="sm" disabled={!canSave} loading={save.isPending}>
              {t('editor.save')}
            </Button>
            <Button variant="default" size="sm" disabled={!isUnsaved} onClick={discard}>
              {t('editor.discard')}
            </Button>
            <Text size="xs" c="dimmed" role="status">
              {isUnsaved ? t('editor.unsaved') : save.isSuccess && t('editor.saved')}
            </Text>
          </Group>
        ) : (
          <Text size="xs" c="dimmed">
            {t('template.readOnly')}
          </Text>
        )}
        {save.error && !conflict && (
          <Alert color="red" role="alert">
            {save.error.message}
          </Alert>
        )}
      </form>
      <Preview
        title={fields.title}
        body={fields.body}
        examples={examples}
        onReplace={mayEdit ? (from, to) => draft.change({ body: renamed(fields.body, from, to) }) : null}
      />
      {/* What is on its way is saved, or found again. */}
      <LeaveGuard isUnsaved={isUnsaved && !save.isPending} onDiscard={draft.discard} />
    </div>
  );
}

function Conflict({
  theirs,
  base,
  onMine,
  onTheirs,
}: {
  theirs: api.Revision;
  base: TemplateDraft['base'];
  onMine: () => void;
  onTheirs: () => void;
}) {
  const { t } = useTranslation('templates');
  const changes = changedFields(base, fieldsOf(theirs));
  return (
    <Alert color="yellow" role="alert" title={t('conflict.title', { name: theirs.changedBy })}>
      <p>{t('conflict.description')}</p>
      {changes.title !== undefined && <TextDiff from={base.title} to={theirs.title} />}
      {changes.body !== undefined && <TextDiff from={base.body} to={theirs.body} />}
      {changes.contactTypes && <p>{theirs.contactTypes.join(', ')}</p>}
      <Group gap="xs" mt="xs">
        <Button size="compact-sm" variant="default" onClick={onMine}>
          {t('conflict.keepMine')}
        </Button>
        <Button size="compact-sm" variant="default" onClick={onTheirs}>
          {t('conflict.useTheirs')}
        </Button>
      </Group>
    </Alert>
  );
}
