import { Alert, Anchor, Text } from '@mantine/core';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../service/api.js';
import type { Actor } from '../service/api-types.js';
import { SignIn } from '../sign-in.js';
import { handOverMessage } from './hand-over-message.js';

/**
 * A window opened by our frame: passes the session on to the frame. A frame's cookies are kept apart
 * from a window's, so a code that works once goes to it, and to nobody who is not a page of this service.
 */
export function HandOver({ session }: { session: UseQueryResult<Actor | null> }) {
  if (session.data) return <Handing />;
  const check = (): void => void session.refetch();
  const providerPath = `/sign-in/oidc?to=${encodeURIComponent('/embed/sign-in')}`;
  return <SignIn checking={session.isFetching} onCheck={check} providerPath={providerPath} />;
}

function Handing() {
  const { t } = useTranslation();
  const opener = window.opener as Window | null;
  // A code is good for once: another look begins with another one.
  const handed = useQuery({ queryKey: ['hand-over'], queryFn: api.handOver, gcTime: 0, enabled: opener !== null });
  const code = handed.data?.code;
  useEffect(() => {
    if (code === undefined) return;
    opener?.postMessage(handOverMessage(code), window.location.origin);
    window.close();
  }, [opener, code]);
  return (
    <main className="alone">
      {opener === null ? (
        <Alert color="yellow" role="alert">
          <Text size="sm">{t('embed.connectionLost')}</Text>
          <Anchor href="/" size="sm">
            {t('embed.openInWindow')}
          </Anchor>
        </Alert>
      ) : handed.error ? (
        <Alert color="red" role="alert">
          {handed.error.message}
        </Alert>
      ) : (
        <Text role="status">{t(code === undefined ? 'embed.signedInClosing' : 'embed.signedIn')}</Text>
      )}
    </main>
  );
}
