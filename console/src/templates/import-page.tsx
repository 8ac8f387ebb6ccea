import { Alert, Button, FileButton, Group, Loader } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ApiError, type FieldProblem } from '../service/api.js';
import { PageBody, Section, Table } from '../ui/parts.js';
import * as api from './api.js';

interface Chosen {
  name: string;
  body: Pick<api.ImportBody, 'text' | 'format'>;
}

/** A file of templates, looked at before anything is changed. */
export function ImportPage() {
  const { t } = useTranslation('templates');
  const client = useQueryClient();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [name, setName] = useState('');
  const look = useMutation({
    mutationFn: async (file: File): Promise<api.Imported> => {
      setName(file.name);
      const body = { text: await textOf(file), format: formatOf(file.name) };
      const found = await api.load({ ...body, dryRun: true });
      setChosen({ name: file.name, body });
      return found;
    },
  });
  const load = useMutation({
    mutationFn: ({ body }: Chosen) => api.load({ ...body, dryRun: false }),
    onSuccess: () => client.invalidateQueries(),
  });
  const choose = (file: File | null | undefined): void => {
    if (!file) return;
    setChosen(null);
    load.reset();
    look.mutate(file);
  };
  return (
    <PageBody
      title={
        <>
          <Link className="back-link" href="/">
            {t('template.back')}
          </Link>
          {t('import.title')}
        </>
      }
      description={t('import.description')}
    >
      <div
        className="drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          choose(event.dataTransfer.files[0]);
        }}
      >
        <FileButton accept=".jsonl,.ndjson,.csv,.tsv,.txt" onChange={choose} key={look.submittedAt}>
          {(props) => (
            <Button {...props} variant={look.data ? 'default' : 'filled'}>
              {look.isIdle ? t('import.choose') : t('import.chooseAnother')}
            </Button>
          )}
        </FileButton>
        <span className="quiet">{t('import.drop')}</span>
      </div>
      {look.isPending && (
        <p role="status">
          <Loader size={14} aria-hidden="true" /> {t('import.checking', { name })}
        </p>
      )}
      {look.error && <Wrong name={name} error={look.error} />}
      {load.data ? (
        <Alert color="green" role="status">
          <Group justify="space-between">
            <span>{t('import.done', load.data)}</span>
            <Link href="/">{t('import.viewTemplates')}</Link>
          </Group>
        </Alert>
      ) : (
        chosen &&
        look.data && (
          <Section title={t('import.preview', { name })}>
            <Found found={look.data} isBusy={load.isPending} error={load.error} onImport={() => load.mutate(chosen)} />
          </Section>
        )
      )}
    </PageBody>
  );
}

/** UTF-8, or UTF-16 with a byte order mark. Other bytes become U+FFFD, which the import refuses with line and column. */
async function textOf(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const mark = `${bytes[0]},${bytes[1]}`;
  const encoding = mark === '255,254' ? 'utf-16le' : mark === '254,255' ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

const formatOf = (name: string): 'csv' | 'jsonl' => (/\.(csv|tsv)$/i.test(name) ? 'csv' : 'jsonl');

/** Lines that must be fixed. */
function Wrong({ name, error }: { name: string; error: Error }) {
  const { t } = useTranslation('templates');
  const problems: FieldProblem[] = error instanceof ApiError ? error.problems : [];
  const lines = problems.flatMap(({ field, message }) => {
    const [, line] = /^line (\d+)$/.exec(field) ?? [];
    return line ? [{ line, message }] : [];
  });
  const isTooLarge = error instanceof ApiError && error.status === 413;
  return (
    <Alert color="red" role="alert" title={t('import.failed', { name })}>
      {lines.length === 0 ? (
        <p>{isTooLarge ? t('import.tooLarge') : error.message}</p>
      ) : (
        <>
          <p>{t('import.failedDescription')}</p>
          <Table label={t('import.problem')}>
            <thead>
              <tr>
                <th>{t('import.lineColumn')}</th>
                <th>{t('import.problem')}</th>
              </tr>
            </thead>
            <tbody>
              {lines.map(({ line, message }) => (
                <tr key={line}>
                  <td data-fixed>{t('import.line', { line })}</td>
                  <td>{message}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </>
      )}
    </Alert>
  );
}

const maxRows = 200;

/** What an import would do, changes first. */
function Found({
  found,
  isBusy,
  error,
  onImport,
}: {
  found: api.Imported;
  isBusy: boolean;
  error: Error | null;
  onImport: () => void;
}) {
  const { t } = useTranslation('templates');
  const { added, changed, unchanged, items } = found;
  const worth = items.filter(({ result }) => result !== 'unchanged');
  return (
    <>
      <p className="import-figures">
        <b>{t('import.added', { count: added })}</b>
        <b>{t('import.changed', { count: changed })}</b>
        <span>{t('import.unchanged', { count: unchanged })}</span>
      </p>
      {worth.length === 0 ? (
        <p className="quiet">{t('import.noChanges')}</p>
      ) : (
        <>
          <Table label={t('import.action')}>
            <thead>
              <tr>
                <th>{t('import.lineColumn')}</th>
                <th>{t('import.template')}</th>
                <th>{t('import.action')}</th>
              </tr>
            </thead>
            <tbody>
              {worth.slice(0, maxRows).map(({ line, id, title, result, changes }) => (
                <tr key={id}>
                  <td data-fixed>{line}</td>
                  <td>
                    {title} <code className="quiet">{id}</code>
                  </td>
                  <td>
                    {t(`import.result.${result}`)}
                    {changes.length > 0 && `: ${changes.map((field) => t(`import.field.${field}`)).join(', ')}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </Table>
          {error && (
            <Alert color="red" role="alert" mt="sm">
              {error.message}
            </Alert>
          )}
          <Button mt="md" loading={isBusy} onClick={onImport}>
            {t('import.submit', { count: worth.length })}
          </Button>
        </>
      )}
    </>
  );
}
