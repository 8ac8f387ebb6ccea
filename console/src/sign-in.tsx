import { Alert, Button, Code, Divider, Loader, Paper, PasswordInput, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from './service/api.js';
import { signInWaysQuery } from './service/queries.js';

/** What the service says in the address of the page after a provider has sent the browser back. */
const problems = { provider: 'signIn.provider', attempt: 'signIn.attempt', 'no-role': 'signIn.noRole' } as const;

function problemInAddress() {
  const named = new URLSearchParams(window.location.search).get('problem');
  return Object.entries(problems).find(([code]) => code === named)?.[1];
}

/** The ways that are open here; the printed link always is. */
export function SignIn({
  checking,
  onCheck,
  providerPath = '/sign-in/oidc',
}: {
  checking: boolean;
  onCheck: () => void;
  providerPath?: string;
}) {
  const { t } = useTranslation();
  const ways = useQuery(signInWaysQuery);
  const problem = problemInAddress();
  return (
    <main className="alone">
      <Paper withBorder radius="md" p="xl" className="sign-in">
        <Title order={1} size="h3">
          {t('signIn.title')}
        </Title>
        {problem && (
          <Alert color="red" role="alert">
            {t(problem)}
          </Alert>
        )}
        {ways.isPending && <Loader aria-label={t('app.loading')} />}
        {ways.data?.oidc && (
          <Button component="a" href={providerPath} fullWidth>
            {t('signIn.sso')}
          </Button>
        )}
        {ways.data?.oidc && ways.data.password && <Divider label={t('signIn.or')} />}
        {ways.data?.password && <WithPassword onDone={onCheck} />}
        {(ways.isError || (ways.data && !ways.data.oidc && !ways.data.password)) && (
          <WithLink checking={checking} onCheck={onCheck} />
        )}
      </Paper>
    </main>
  );
}

export function WithPassword({ isEmbedded = false, onDone }: { isEmbedded?: boolean; onDone: () => void }) {
  const { t } = useTranslation();
  const signIn = useMutation({ mutationFn: api.signIn, onSuccess: onDone });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signIn.mutate({ name: textOf(form, 'name'), password: textOf(form, 'password'), embedded: isEmbedded });
  };
  return (
    <form className="credentials" onSubmit={submit}>
      <TextInput name="name" label={t('signIn.name')} autoComplete="username" required autoFocus={!isEmbedded} />
      <PasswordInput name="password" label={t('signIn.password')} autoComplete="current-password" required />
      {signIn.error && (
        <Alert color="red" role="alert">
          {signIn.error.message}
        </Alert>
      )}
      <Button type="submit" loading={signIn.isPending} fullWidth>
        {t('signIn.submit')}
      </Button>
    </form>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

function WithLink({ checking, onCheck }: { checking: boolean; onCheck: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Text>{t('signIn.linkInstructions')}</Text>
      <Code block>{`${window.location.origin}/sign-in?code=rrl_…`}</Code>
      <Text c="dimmed" size="sm">
        {t('signIn.linkExpiry')}
      </Text>
      <Button variant="light" loading={checking} onClick={onCheck}>
        {t('signIn.linkOpened')}
      </Button>
    </>
  );
}
