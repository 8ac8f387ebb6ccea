import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Route, Switch } from 'wouter';
import { AlertList } from './alert-list.js';
import { AlertPage } from './alert-page.js';
import { Empty, Loaded, PageBody, Section } from '../../ui/parts.js';
import { alertsQuery } from '../queries.js';

export default function AlertsPage() {
  return (
    <Switch>
      <Route path="/:id">{({ id }) => <AlertPage id={Number(id)} />}</Route>
      <Route>
        <AllAlerts />
      </Route>
    </Switch>
  );
}

type Shown = 'unfinished' | 'all';

function AllAlerts() {
  const { t } = useTranslation('engineers');
  const alerts = useQuery(alertsQuery);
  const [shown, setShown] = useState<Shown>('unfinished');
  return (
    <PageBody
      title={t('alerts.title')}
      description={t('alerts.description')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('alerts.filter')}
          value={shown}
          onChange={(value) => setShown(value === 'all' ? 'all' : 'unfinished')}
          data={[
            { value: 'unfinished', label: t('alerts.active') },
            { value: 'all', label: t('alerts.all') },
          ]}
        />
      }
    >
      <Section title={t(shown === 'all' ? 'alerts.all' : 'alerts.active')}>
        <Loaded query={alerts}>
          {({ items }) => {
            const wanted = items.filter(({ state }) => shown === 'all' || state !== 'closed');
            return wanted.length === 0 ? (
              <Empty title={t('alerts.none')}>{t('alerts.noneDescription')}</Empty>
            ) : (
              <AlertList alerts={wanted} />
            );
          }}
        </Loaded>
      </Section>
    </PageBody>
  );
}
