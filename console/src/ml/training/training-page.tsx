import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Route, Switch } from 'wouter';
import * as api from '../api.js';
import type { TrainingRun } from '../api.js';
import { ComparePage } from './compare-page.js';
import { Confirm } from '../../ui/confirm.js';
import { Parallel } from './parallel.js';
import { Empty, Loaded, PageBody, Section } from '../../ui/parts.js';
import { trainingRunsQuery } from '../queries.js';
import { axesOf, runsWithin, type Limits } from './run-axes.js';
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
  const unfinished = runs.data?.items.find(isUnfinished);
  return (
    <PageBody
      title={t('training.title')}
      description={t('training.description')}
      actions={!unfinished && runs.data && <Start />}
    >
      {unfinished && <UnfinishedRun run={unfinished} />}
      <Loaded query={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Section title={t('training.runs')}>
              <Empty title={t('training.none')}>{t('training.noneDescription')}</Empty>
            </Section>
          ) : (
            <Runs runs={items} />
          )
        }
      </Loaded>
    </PageBody>
  );
}

/** As parallel coordinates, and as a table of those that are kept there. */
function Runs({ runs }: { runs: readonly TrainingRun[] }) {
  const { t } = useTranslation('engineers');
  const [limits, setLimits] = useState<Limits>({});
  const [chosen, setChosen] = useState<number[]>([]);
  const compared = useMemo(() => runs.filter(({ comparison }) => comparison !== null), [runs]);
  const axes = useMemo(() => axesOf(compared), [compared]);
  const choose = (id: number): void =>
    setChosen((ids) => (ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id].slice(-2)));
  return (
    <>
      <Parallel runs={compared} axes={axes} limits={limits} onLimits={setLimits} />
      <Section
        title={t('training.runs')}
        description={chosen.length === 2 ? undefined : t('training.runsDescription')}
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
        <RunsTable runs={runsWithin(runs, axes, limits)} chosen={chosen} onChoose={choose} />
      </Section>
    </>
  );
}

function Start() {
  const { t } = useTranslation('engineers');
  return (
    <Confirm
      label={t('training.start')}
      variant="filled"
      description={t('training.startDescription')}
      run={api.startTraining}
    />
  );
}
