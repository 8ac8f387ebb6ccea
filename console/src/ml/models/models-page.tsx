import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, Route, Switch } from 'wouter';
import * as api from '../api.js';
import { ComparisonTable } from '../training/comparison-table.js';
import { Confirm } from '../../ui/confirm.js';
import { useFormat } from '../../ui/format.js';
import { ModelVersions } from './model-versions.js';
import { factsOf } from './model-facts.js';
import type { GlossaryTerm } from '../../ui/glossary/terms.js';
import { Empty, Fact, Loaded, PageBody, Section } from '../../ui/parts.js';
import { modelsQuery, movesQuery, rolloutsQuery, trainingRunsQuery } from '../queries.js';
import { ReportPage } from '../training/report-page.js';
import { useLocalize } from '../service-messages.js';
import { RolloutActions } from '../training/rollout-actions.js';

export default function ModelsPage() {
  return (
    <Switch>
      <Route path="/:version">{({ version }) => <ReportPage version={decodeURIComponent(version)} />}</Route>
      <Route>
        <AllModels />
      </Route>
    </Switch>
  );
}

function AllModels() {
  const { t } = useTranslation('engineers');
  const models = useQuery(modelsQuery);
  const champion = models.data?.items.find(({ aliases }) => aliases.includes('champion')) ?? null;
  return (
    <PageBody
      title={t('models.title')}
      description={t('models.description')}
      actions={champion && <RollBack champion={champion.version} />}
    >
      <Loaded query={models}>
        {(data) =>
          data.items.length === 0 ? (
            <Section title={t('models.serving')}>
              <Empty title={t('models.none')}>{t('models.noneDescription')}</Empty>
            </Section>
          ) : (
            <>
              <InService models={data} />
              <Contest models={data} />
              <Section title={t('models.versions')}>
                <ModelVersions models={data} />
              </Section>
              <History />
            </>
          )
        }
      </Loaded>
    </PageBody>
  );
}

function RollBack({ champion }: { champion: string }) {
  const { t } = useTranslation('engineers');
  const rollouts = useQuery(rolloutsQuery);
  const moves = useQuery(movesQuery);
  const tried = rollouts.data?.find(({ endedAt }) => endedAt === null);
  const before = moves.data?.filter(({ alias }) => alias === 'champion').find(({ version }) => version !== champion);
  if (!tried && !before) return null;
  return (
    <Confirm
      label={t('models.rollBack')}
      color="red"
      variant="light"
      description={
        tried
          ? t('models.rollBackRollout', { version: tried.version, champion })
          : t('models.rollBackChampion', { champion })
      }
      run={api.rollBack}
    />
  );
}

function InService({ models: { serving, items } }: { models: api.Models }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const champion = items.find(({ aliases }) => aliases.includes('champion'));
  const facts = champion && factsOf(champion);
  const cells: [name: string, value: string, term?: GlossaryTerm][] = [
    [t('models.champion'), champion?.version ?? t('models.noChampion')],
    [t('models.device'), serving.device ?? '–'],
    [t('models.labels'), facts?.rows ? format.number(facts.rows) : '–', 'label'],
    [t('models.templates'), facts?.templates ? format.number(facts.templates) : '–', 'reply-template'],
    [t('models.top1'), facts?.top1 ? format.percent(facts.top1) : '–', 'top-1-accuracy'],
    [t('models.hits3'), facts?.hits3 ? format.percent(facts.hits3) : '–', 'top-3-accuracy'],
  ];
  return (
    <Section title={t('models.serving')} description={t('models.outOfFoldDescription')}>
      <dl className="facts-grid">
        {cells.map(([name, value, term]) => (
          <Fact key={name} name={name} {...(term && { term })}>
            {value}
          </Fact>
        ))}
      </dl>
    </Section>
  );
}

/** The newest comparison of the challenger with the champion of its time, and what can be done with it. */
function Contest({ models }: { models: api.Models }) {
  const { t } = useTranslation('engineers');
  const runs = useQuery(trainingRunsQuery);
  const challenger = models.items.find(({ aliases }) => aliases.includes('challenger'));
  const isChampion = challenger?.aliases.includes('champion');
  const run = runs.data?.items.find((one) => one.comparison && one.challenger === challenger?.version);
  return (
    <Section
      title={t('models.comparison')}
      term="delta-vs-champion"
      aside={challenger && !isChampion && <RolloutActions version={challenger.version} models={models} />}
    >
      <Loaded query={runs}>
        {() =>
          run?.comparison ? (
            <>
              <p className="description">
                {t('models.comparisonDescription', {
                  challenger: run.challenger,
                  champion: run.champion ?? t('models.textSimilarity'),
                })}{' '}
                <Link href={`~/training/${run.id}`}>{t('models.trainingRun', { id: run.id })}</Link>
              </p>
              <ComparisonTable comparison={run.comparison} />
            </>
          ) : (
            <Empty title={t('models.noComparison')}>
              {t('models.noComparisonDescription')} <Link href="~/training">{t('models.goToTraining')}</Link>
            </Empty>
          )
        }
      </Loaded>
    </Section>
  );
}

function History() {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('models');
  const moves = useQuery(movesQuery);
  const rollouts = useQuery(rolloutsQuery);
  return (
    <div className="ml-columns">
      <Section title={t('models.history')}>
        <Loaded query={moves}>
          {(data) => (
            <ol className="history">
              {data.map(({ alias, version, actor, reason, message, movedAt }) => (
                <li key={`${movedAt}${alias}`}>
                  <time dateTime={movedAt}>{format.moment(movedAt)}</time>
                  <span>
                    <span className="version">{version}</span>{' '}
                    {alias === 'champion' ? t('models.promotedToChampion') : t('models.registeredAsChallenger')}
                    <small>{reason === null ? t('by', { name: actor }) : localize(reason, message)}</small>
                  </span>
                </li>
              ))}
            </ol>
          )}
        </Loaded>
      </Section>
      <Section title={t('models.rollouts')}>
        <Loaded query={rollouts}>
          {(data) =>
            data.length === 0 ? (
              <Empty title={t('models.noRollouts')}>{t('models.noRolloutsDescription')}</Empty>
            ) : (
              <ol className="history">
                {data.map((one) => (
                  <li key={one.startedAt}>
                    <time dateTime={one.startedAt}>{format.moment(one.startedAt)}</time>
                    <span>
                      <span className="version">{one.version}</span>{' '}
                      {one.mode === 'shadow'
                        ? t('models.rolloutShadow')
                        : t('models.rolloutCanary', { share: format.share(one.share, 0) })}
                      <small>
                        {one.endedAt === null
                          ? t('models.rolloutActive')
                          : `${format.moment(one.endedAt)}: ${localize(one.reason ?? '', one.message)}`}
                      </small>
                    </span>
                  </li>
                ))}
              </ol>
            )
          }
        </Loaded>
      </Section>
    </div>
  );
}
