import { Alert, Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoute } from 'wouter';
import { sessionQuery } from './service/queries.js';
import { Shell } from './shell.js';
import { SignIn } from './sign-in.js';

const EmbeddedApp = lazy(() => import('./embed/embedded-app.js'));

export function App() {
  const { t } = useTranslation();
  const [isEmbedded] = useRoute('/embed/*?');
  if (!isEmbedded) return <PageOfItsOwn />;
  return (
    <Suspense fallback={<Loader className="page-loading" aria-label={t('app.loading')} />}>
      <EmbeddedApp />
    </Suspense>
  );
}

/** Who is there decides what is shown. */
function PageOfItsOwn() {
  const { t } = useTranslation();
  const session = useQuery(sessionQuery);
  if (session.data) return <Shell actor={session.data} />;
  if (session.data === null) return <SignIn checking={session.isFetching} onCheck={() => void session.refetch()} />;
  return (
    <main className="alone">
      {session.isError ? (
        <Alert color="red" title={t('app.unavailable')} role="alert">
          <p>{session.error.message}</p>
          <Button color="red" variant="light" loading={session.isFetching} onClick={() => void session.refetch()}>
            {t('app.retry')}
          </Button>
        </Alert>
      ) : (
        <Loader aria-label={t('app.loading')} />
      )}
    </main>
  );
}
