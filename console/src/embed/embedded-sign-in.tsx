import { Alert, Button, Divider, Loader, Text, Title } from '@mantine/core';
import { useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../service/api.js';
import type { Actor, TicketPath } from '../service/api-types.js';
import { signInWaysQuery } from '../service/queries.js';
import { WithPassword } from '../sign-in.js';
import { codeIn } from './hand-over-message.js';

/** In a frame: by password right here, or in a window that hands its session over. */
export function EmbeddedSignIn({
  session,
  ticket,
}: {
  session: UseQueryResult<Actor | null>;
  ticket: TicketPath | null;
}) {
  const { t } = useTranslation();
  const ways = useQuery(signInWaysQuery);
  const opened = useRef<Window | null>(null);
  const [isBlocked, setBlocked] = useState(false);
  const [keepsNothing, setKeepsNothing] = useState(false);
  const takeOver = useMutation({ mutationFn: api.takeOver, onSuccess: () => check() });

  // Signed in, and nobody all the same: the browser has thrown the cookie away.
  const check = async (): Promise<void> => setKeepsNothing((await session.refetch()).data === null);
  const onMessage = useEffectEvent((event: MessageEvent<unknown>) => {
    if (event.origin !== window.location.origin || event.source !== opened.current) return;
    const code = codeIn(event.data);
    if (code !== null) takeOver.mutate({ code });
  });
  useEffect(() => {
    const listener = (event: MessageEvent<unknown>): void => onMessage(event);
    window.addEventListener('message', listener);
    return () => window.removeEventListener('message', listener);
  }, []);
  const open = (): void => {
    opened.current = window.open('/embed/sign-in', 'replyrank-sign-in', 'popup,width=520,height=680');
    setBlocked(opened.current === null);
  };
  const alone = ticket ? `/embed?${new URLSearchParams({ ...ticket }).toString()}` : '/';

  return (
    <main className="alone">
      <div className="embedded-sign-in">
        <Title order={1} size="h4">
          {t('signIn.title')}
        </Title>
        {ways.isPending && <Loader aria-label={t('app.loading')} />}
        {ways.data?.password && (
          <>
            <WithPassword isEmbedded onDone={() => void check()} />
            <Divider label={t('signIn.or')} />
          </>
        )}
        {!ways.isPending && (
          <div>
            <Button
              fullWidth
              variant={ways.data?.password ? 'light' : 'filled'}
              loading={takeOver.isPending || session.isFetching}
              onClick={open}
            >
              {t('embed.signInWindow')}
            </Button>
            <Text size="xs" c="dimmed" mt={4}>
              {t('embed.signInWindowDescription')}
            </Text>
          </div>
        )}
        {isBlocked && (
          <Alert color="yellow" role="alert">
            {t('embed.popupBlocked')}
          </Alert>
        )}
        {takeOver.error && (
          <Alert color="red" role="alert">
            {takeOver.error.message}
          </Alert>
        )}
        {keepsNothing && (
          <Alert color="yellow" role="alert" title={t('embed.cookiesBlocked')}>
            <Text size="sm">{t('embed.cookiesBlockedDescription')}</Text>
            <Button component="a" href={alone} target="_blank" size="compact-sm" mt="xs" color="yellow" variant="light">
              {t('embed.openInWindow')}
            </Button>
          </Alert>
        )}
      </div>
    </main>
  );
}
