import { Alert, Button, Code, Divider, Loader, Paper, PasswordInput, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { SubmitEvent } from 'react';
import * as api from './api.js';
import { signInWaysQuery } from './queries.js';

/** What the service says in the address of the page after a provider has sent the browser back. */
const problems: Record<string, string> = {
  provider:
    'The identity provider did not confirm the sign-in, or can’t be reached. Try again, or ask whoever runs it.',
  attempt: 'This sign-in was begun in another browser, or too long ago. Try again.',
  'no-role': 'None of your groups has a role here. Ask whoever runs Replyrank.',
};

/** The ways that are open here; the printed link always is. */
export function SignIn({ checking, onCheck }: { checking: boolean; onCheck: () => void }) {
  const ways = useQuery(signInWaysQuery);
  const problem = problems[new URLSearchParams(window.location.search).get('problem') ?? ''];
  return (
    <main className="alone">
      <Paper withBorder radius="md" p="xl" className="sign-in">
        <Title order={1} size="h3">
          Sign in to Replyrank
        </Title>
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        {ways.isPending && <Loader aria-label="Loading" />}
        {ways.data?.oidc && (
          <Button component="a" href="/sign-in/oidc" fullWidth>
            Sign in with your organisation
          </Button>
        )}
        {ways.data?.oidc && ways.data.password && <Divider label="or" />}
        {ways.data?.password && <WithPassword onDone={onCheck} />}
        {(ways.isError || (ways.data && !ways.data.oidc && !ways.data.password)) && (
          <WithLink checking={checking} onCheck={onCheck} />
        )}
      </Paper>
    </main>
  );
}

function WithPassword({ onDone }: { onDone: () => void }) {
  const signIn = useMutation({ mutationFn: api.signIn, onSuccess: onDone });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signIn.mutate({ name: textOf(form, 'name'), password: textOf(form, 'password') });
  };
  return (
    <form className="credentials" onSubmit={submit}>
      <TextInput name="name" label="Name" autoComplete="username" required autoFocus />
      <PasswordInput name="password" label="Password" autoComplete="current-password" required />
      {signIn.error && (
        <Alert color="red" role="alert">
          {signIn.error.message}
        </Alert>
      )}
      <Button type="submit" loading={signIn.isPending} fullWidth>
        Sign in
      </Button>
    </form>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

function WithLink({ checking, onCheck }: { checking: boolean; onCheck: () => void }) {
  return (
    <>
      <Text>Open the link that the service printed when it started, in a browser on the same machine:</Text>
      <Code block>{`${window.location.origin}/sign-in?code=rrl_…`}</Code>
      <Text c="dimmed" size="sm">
        It works once, within 15 minutes. Each start of the service prints a new one.
      </Text>
      <Button variant="light" loading={checking} onClick={onCheck}>
        I have opened it
      </Button>
    </>
  );
}
