import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Route, Switch } from 'wouter';
import * as api from './api.js';
import { ComparePage } from './compare-page.js';
import { Confirm } from './confirm.js';
import { Parallel } from './parallel.js';
import { Empty, Loaded, PageBody, Section } from './parts.js';
import { trainingRunsQuery } from './queries.js';
import { RunPage } from './run-page.js';
import { isUnfinished, UnfinishedRun } from './run-progress.js';
import { RunsTable } from './runs-table.js';

export default function TrainingPage() {
  return (
    <Switch>
      <Route path="/compare/:a/:b">{({ a, b }) => <ComparePage ids={[Number(a), Number(b)]} />}</Route>
      <Route path="/:id">{({ id }) => <RunPage id={Number(id)} />}</Route>
      <Route>
        <AllRuns />
      </Route>
    </Switch>
  );
}

function AllRuns() {
  const { t } = useTranslation('engineers');
  const runs = useQuery(trainingRunsQuery);
  const [brushed, setBrushed] = useState<ReadonlySet<number> | null>(null);
  const [chosen, setChosen] = useState<number[]>([]);
  const unfinished = runs.data?.items.find(isUnfinished);
  const choose = (id: number): void =>
    setChosen((ids) => (ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id].slice(-2)));
  return (
    <PageBody title={t('training.title')} says={t('training.says')} actions={!unfinished && runs.data && <Start />}>
      {unfinished && <UnfinishedRun run={unfinished} />}
      <Loaded query={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Section title={t('training.runs')}>
              <Empty title={t('training.none')}>{t('training.noneDo')}</Empty>
            </Section>
          ) : (
            <>
              <Parallel runs={items} onBrush={setBrushed} />
              <Section
                title={t('training.runs')}
                says={chosen.length === 2 ? undefined : t('training.runsSays')}
                aside={
                  chosen.length === 2 && (
                    <Button
                      component={Link}
                      size="xs"
                      variant="light"
                      href={`/compare/${Math.min(...chosen)}/${Math.max(...chosen)}`}
                    >
                      {t('training.compare')}
                    </Button>
                  )
                }
              >
                <RunsTable
                  runs={brushed ? items.filter(({ id }) => brushed.has(id)) : items}
                  chosen={chosen}
                  onChoose={choose}
                />
              </Section>
            </>
          )
        }
      </Loaded>
    </PageBody>
  );
}

function Start() {
  const { t } = useTranslation('engineers');
  return (
    <Confirm label={t('training.start')} variant="filled" says={t('training.startSays')} run={api.startTraining} />
  );
}
