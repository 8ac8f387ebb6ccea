import { Button, Code, Paper, Text, Title } from '@mantine/core';

export function SignIn({ checking, onCheck }: { checking: boolean; onCheck: () => void }) {
  return (
    <main className="alone">
      <Paper withBorder radius="md" p="xl" className="sign-in">
        <Title order={1} size="h3">
          Sign in to Replyrank
        </Title>
        <Text>Open the link that the service printed when it started, in a browser on the same machine:</Text>
        <Code block>{`${window.location.origin}/sign-in?code=rrl_…`}</Code>
        <Text c="dimmed" size="sm">
          It works once, within 15 minutes. Each start of the service prints a new one.
        </Text>
        <Button variant="light" loading={checking} onClick={onCheck}>
          I have opened it
        </Button>
      </Paper>
    </main>
  );
}
