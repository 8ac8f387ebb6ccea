import './embed.css';
import { Alert, Button, Loader, Text } from '@mantine/core';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoute } from 'wouter';
import type { Actor } from '../service/api-types.js';
import { embeddingQuery, sessionQuery } from '../service/queries.js';
import { SignIn } from '../sign-in.js';
import { EmbeddedPage } from './embedded-page.js';
import { EmbeddedSignIn } from './embedded-sign-in.js';
import { HandOver } from './hand-over.js';
import { useHost, type HostKind } from './host.js';

const isFramed = window.parent !== window;

/** The agent's page inside a helpdesk: one ticket, the one that is open there. */
export default function EmbeddedApp() {
  const { t } = useTranslation();
  const [isHandOver] = useRoute('/embed/sign-in');
  const [isChatwoot] = useRoute('/embed/chatwoot');
  const [isZendesk] = useRoute('/embed/zendesk');
  const embedding = useQuery(embeddingQuery);
  const session = useQuery(sessionQuery);
  const failed = embedding.isError ? embedding : session.isError ? session : null;
  if (failed) {
    return (
      <Alone>
        <Alert color="red" title={t('app.unavailable')} role="alert">
          <p>{failed.error.message}</p>
          <Button color="red" variant="light" loading={failed.isFetching} onClick={() => void failed.refetch()}>
            {t('app.retry')}
          </Button>
        </Alert>
      </Alone>
    );
  }
  if (embedding.data === undefined || session.data === undefined) {
    return (
      <Alone>
        <Loader aria-label={t('app.loading')} />
      </Alone>
    );
  }
  if (embedding.data.origins.length === 0) {
    return (
      <Alone>
        <Alert color="gray" title={t('embed.missingOrigins')}>
          <Text size="sm">{t('embed.missingOriginsDescription')}</Text>
        </Alert>
      </Alone>
    );
  }
  if (isHandOver) return <HandOver session={session} />;
  const kind = isChatwoot ? 'chatwoot' : isZendesk ? 'zendesk' : 'address';
  return <Hosted kind={kind} origins={embedding.data.origins} session={session} />;
}

function Hosted({
  kind,
  origins,
  session,
}: {
  kind: HostKind;
  origins: readonly string[];
  session: UseQueryResult<Actor | null>;
}) {
  const { t } = useTranslation();
  const host = useHost(kind, origins);
  const check = (): void => void session.refetch();
  if (!session.data && isFramed) return <EmbeddedSignIn session={session} ticket={host.ticket?.path ?? null} />;
  if (!session.data) return <SignIn checking={session.isFetching} onCheck={check} />;
  if (host.problem) {
    return (
      <Alone>
        <Alert color="gray" role="alert">
          {t(`embed.${host.problem}`)}
        </Alert>
      </Alone>
    );
  }
  return <EmbeddedPage actor={session.data} host={host} />;
}

const Alone = ({ children }: { children: ReactNode }) => <main className="alone">{children}</main>;
