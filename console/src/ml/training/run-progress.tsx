import { Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import * as api from '../api.js';
import { Confirm } from '../../ui/confirm.js';
import { Curves } from './curves.js';
import { useFormat } from '../../ui/format.js';
import { Section } from '../../ui/parts.js';
import { useNow } from './use-now.js';

export const isUnfinished = ({ state }: Pick<api.TrainingRun, 'state'>): boolean =>
  state === 'queued' || state === 'running';

/** Where the run that is queued or running stands, live. */
export function UnfinishedRun({ run, isLinked = true }: { run: api.TrainingRun; isLinked?: boolean }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const now = useNow(1000);
  const since = run.startedAt ?? run.createdAt;
  const done = run.progress;
  return (
    <Section
      title={t(run.state === 'queued' ? 'training.queuedRun' : 'training.runningRun', { id: run.id })}
      aside={
        <div className="ml-actions">
          {isLinked && <Link href={`~/training/${run.id}`}>{t('training.details')}</Link>}
          <Confirm
            label={t('training.cancel')}
            color="red"
            variant="light"
            size="compact-sm"
            description={t('training.cancelDescription', { id: run.id })}
            run={() => api.cancelTraining(run.id)}
          />
        </div>
      }
    >
      <div className="running">
        <header>
          <span role="status">
            {run.phase === null ? t('training.waiting') : phaseName(t, run.phase)}
            {run.note && <span className="quiet"> · {run.note}</span>}
          </span>
          <span className="quiet">{format.duration(since, now)}</span>
        </header>
        <Progress
          value={done === null ? 100 : 100 * done}
          animated={done === null}
          size="sm"
          aria-label={t('training.progress')}
        />
        {run.curves.length > 0 && <Curves runs={[run]} />}
      </div>
    </Section>
  );
}

/** Phases of the service, and their messages */
const phases = {
  'reading tickets': 'reading',
  'pre-flight': 'preflight',
  'testing on tickets held out': 'crossFitting',
  'combining and calibrating': 'calibrating',
  'training on all tickets': 'finalTraining',
  'writing the model': 'saving',
  'making the drift reference': 'driftReference',
  'comparing with the champion': 'comparing',
} as const;

const isPhase = (phase: string): phase is keyof typeof phases => Object.hasOwn(phases, phase);

/** The service has phases in English; known ones have a name in the reader's language. */
const phaseName = (t: ReturnType<typeof useTranslation<'engineers'>>['t'], phase: string): string =>
  isPhase(phase) ? t(`phase.${phases[phase]}`) : phase;
