import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { TrainingRun } from '../api.js';
import { ComparisonTable } from './comparison-table.js';
import { Curves } from './curves.js';
import { useFormat } from '../../ui/format.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import type { GlossaryTerm } from '../../ui/glossary/terms.js';
import { Empty, Fact, Loaded, PageBody, Section, State } from '../../ui/parts.js';
import { modelsQuery, trainingRunQuery } from '../queries.js';
import { isUnfinished, UnfinishedRun } from './run-progress.js';
import { RunState } from './run-state.js';
import { useLocalize } from '../service-messages.js';
import { RolloutActions } from './rollout-actions.js';

/** One training run: trigger, configuration, progress, results and outcome. */
export function RunPage({ id }: { id: number }) {
  const { t } = useTranslation('engineers');
  const run = useQuery(trainingRunQuery(id));
  return (
    <PageBody
      title={t('training.runTitle', { id })}
      description={<Link href="/">{t('training.back')}</Link>}
      actions={run.data && <Actions run={run.data} />}
    >
      <Loaded query={run}>{(data) => <Report run={data} />}</Loaded>
    </PageBody>
  );
}

function Actions({ run: { challenger, state } }: { run: TrainingRun }) {
  const { data } = useQuery(modelsQuery);
  const version = data?.items.find((one) => one.version === challenger);
  if (!data || !version || isUnfinished({ state }) || version.aliases.includes('champion')) return null;
  return <RolloutActions version={version.version} models={data} />;
}

function Report({ run }: { run: TrainingRun }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const localize = useLocalize('gates');
  const { state, comparison, verdict, error, challenger, champion, startedAt, endedAt, createdAt } = run;
  return (
    <>
      {isUnfinished(run) && <UnfinishedRun run={run} isLinked={false} />}
      {error !== null && (
        <Alert color="red" role="alert" title={t('training.failed')}>
          {error}
        </Alert>
      )}
      <Section title={t('training.summary')}>
        <dl className="facts-grid">
          <Fact name={t('training.status')}>
            <RunState state={state} />
          </Fact>
          <Fact name={t('training.triggeredBy')}>{t(`trigger.${run.trigger}`, { name: run.requestedBy })}</Fact>
          <Fact name={t('training.startedAt')}>{format.moment(startedAt ?? createdAt)}</Fact>
          {startedAt && endedAt && (
            <Fact name={t('training.duration')} term="training-duration">
              {format.duration(startedAt, endedAt)}
            </Fact>
          )}
          {challenger && (
            <Fact name={t('models.challenger')}>
              <Link className="version" href={`~/models/${encodeURIComponent(challenger)}`}>
                {challenger}
              </Link>
            </Fact>
          )}
          {champion && (
            <Fact name={t('models.champion')}>
              <span className="version">{champion}</span>
            </Fact>
          )}
          {Object.entries(run.arguments)
            .filter(([, value]) => value !== null && typeof value !== 'object')
            .map(([name, value]) => (
              <Fact key={name} name={argumentName(t, name)} {...(isArgument(name) && { term: argumentTerms[name] })}>
                {typeof value === 'number' ? format.number(value) : format.text(String(value))}
              </Fact>
            ))}
        </dl>
      </Section>
      {verdict && (
        <Section
          title={t('training.gates')}
          description={t(verdict.promoted ? 'training.gatesPassed' : 'training.gatesFailed')}
        >
          <ul className="gates">
            {verdict.gates.map(({ gate, passed, detail, message }) => (
              <li key={gate}>
                <State kind={passed ? 'good' : 'bad'}>
                  {gateName(t, gate)}{' '}
                  <span className="unseen">{t(passed ? 'training.gatePassed' : 'training.gateFailed')}</span>
                </State>
                <span>
                  {localize(detail, message)}{' '}
                  {isGate(gate) && <TermInfo term={gateTerms[gate]} name={t(`gate.${gate}`)} />}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {comparison && (
        <Section title={t('models.comparison')} term="delta-vs-champion">
          <ComparisonTable comparison={comparison} />
        </Section>
      )}
      {!isUnfinished(run) && (
        <Section title={t('training.curves')} term="training-loss">
          {run.curves.length > 0 ? <Curves runs={[run]} /> : <Empty title={t('training.noCurves')} />}
        </Section>
      )}
    </>
  );
}

type Translate = ReturnType<typeof useTranslation<'engineers'>>['t'];
const argumentTerms = {
  seed: 'seed',
  labels: 'label',
  learnedFrom: 'training-data',
  lines: 'training-data',
  heldOut: 'training-data',
  heldOutFrom: 'training-data',
} as const satisfies Record<string, GlossaryTerm>;
const gateTerms = {
  loads: 'promotion-gates',
  'sample-size': 'sample-size',
  'differs-from-champion': 'identical-output',
  superiority: 'superiority',
  'non-inferiority': 'non-inferiority-margin',
  utility: 'utility-gate',
  'slice-regressions': 'slice-regression',
  calibration: 'calibration-gate',
  latency: 'latency',
  'drift-reference': 'drift-reference',
} as const satisfies Record<string, GlossaryTerm>;

/** The service may know more of them than this page. */
const isArgument = (name: string): name is keyof typeof argumentTerms => Object.hasOwn(argumentTerms, name);
const isGate = (name: string): name is keyof typeof gateTerms => Object.hasOwn(gateTerms, name);

export const argumentName = (t: Translate, name: string): string => (isArgument(name) ? t(`argument.${name}`) : name);
const gateName = (t: Translate, name: string): string => (isGate(name) ? t(`gate.${name}`) : name);
