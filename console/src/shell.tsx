import { Alert, Loader } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Redirect, Route, Switch, useRoute } from 'wouter';
import type { Actor } from './service/api-types.js';
import { Header } from './header.js';
import { useLive } from './service/live.js';
import { homePath, pagesOf, queuePath, type PageEntry } from './pages.js';
import { Workplace } from './agent/workplace.js';

const GlossaryPage = lazy(() => import('./ui/glossary/glossary-page.js'));

/** What is around every page: who is there, whether the service is, and where else one can go. */
export function Shell({ actor }: { actor: Actor }) {
  const { t } = useTranslation();
  const connection = useLive(useQueryClient());
  const pages = pagesOf(actor.role);
  const queue = queuePath(actor.role);
  return (
    <div className="shell">
      <Header actor={actor} connection={connection} />
      {pages.length > 0 && <Navigation pages={pages} queue={queue} />}
      <Suspense fallback={<Loader className="page-loading" aria-label={t('app.loading')} />}>
        <Switch>
          <Route path={queue}>
            <Workplace actor={actor} connection={connection} />
          </Route>
          {pages.map(({ path, Page }) => (
            <Route key={path} path={path} nest>
              <div className="page">
                {connection === 'away' && (
                  <Alert color="yellow" role="alert" title={t('banners.unavailable')}>
                    {t('banners.stale')}
                  </Alert>
                )}
                <Page actor={actor} />
              </div>
            </Route>
          ))}
          <Route path="/glossary">
            <div className="page">
              <GlossaryPage />
            </div>
          </Route>
          <Route>
            <Redirect to={homePath(actor.role)} replace />
          </Route>
        </Switch>
      </Suspense>
    </div>
  );
}

function Navigation({ pages, queue }: { pages: PageEntry[]; queue: string }) {
  const { t } = useTranslation();
  return (
    <nav className="pages" aria-label={t('nav.label')}>
      <NavigationLink path={queue} label={t('nav.queue')} />
      {pages.map(({ path, name }) => (
        <NavigationLink key={path} path={path} label={t(`nav.${name}`)} />
      ))}
    </nav>
  );
}

function NavigationLink({ path, label }: { path: string; label: string }) {
  const [isHere] = useRoute(path === '/' ? '/' : `${path}/*?`);
  return (
    <Link href={path} aria-current={isHere ? 'page' : undefined}>
      {label}
    </Link>
  );
}
