/** What is made of a counted bucket: whether an alarm stands, what explains it, what is decided, and who is told. */
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { monitorActor } from '../../access/audit-log.js';
import { recordLook, type SeenCause } from '../alerts/alert-store.js';
import { newestWindows } from './bucket-store.js';
import { CounterThread } from './counter-thread.js';
import { decisionSettings } from '../decisions/decision-settings.js';
import { decideAndStore, servingVersion } from '../decisions/decision-store.js';
import type { Alarm } from '../detection/change-watch.js';
import { Explainer } from './explainer.service.js';
import { unexplained } from '../diagnosis/explanation.js';
import type { Finding } from '../observations/finding.js';
import type { Watched } from '../observations/observation-rows.js';
import { message } from '../messages.js';
import { groupOf, seenCauses } from '../alerts/seen-causes.js';
import { afterBucket, afterWindow, type StandingAlarm } from '../detection/active-alarm.js';
import type { Counted } from './ticket-counter.js';

/** Tickets that a window holds: enough to see a new topic of one ticket in twenty. */
const windowTickets = 1_000;
/** Findings of slices that are kept, the strongest; of all tickets together all are. */
const mostOfSlices = 50;

export interface Look {
  of: Watched;
  /** Of the model */
  folder: string;
  now: Date;
  /** When the last ticket of the bucket was written */
  at: Date;
  tickets: number;
  /** More of these tickets wait to be counted */
  isBehind: boolean;
  counted: Extract<Counted, { kind: 'counted' }>;
  /** From the looks before */
  standing: StandingAlarm | null;
}

@Injectable()
export class MonitorLook {
  constructor(
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly thread: CounterThread,
    private readonly explainer: Explainer,
  ) {}

  /** @returns what is to be kept for the next look, and the signals as they are shown */
  async look(
    manager: EntityManager,
    look: Look,
  ): Promise<{ standing: StandingAlarm | null; findings: ShownFinding[] }> {
    const { of, counted, now } = look;
    const { standing, windowFindings } = await this.afterLook(manager, look);
    const findings = this.shown(counted);
    await storeReadings(manager, of, look.at, findings);
    if (of.modelVersion !== (await servingVersion(manager))) return { standing, findings };
    // To explain what stands takes longer than to count: a monitor that has fallen behind explains the newest tickets only.
    if (look.isBehind && counted.alarms.length === 0) return { standing, findings };
    const volume = counted.alarms.filter(({ kind }) => kind === 'volume');
    const explanation = standing ? await this.explainer.explain(manager, of, look.folder) : unexplained;
    const { id, action } = await decideAndStore(manager, {
      askedBy: monitorActor,
      now,
      ...of,
      seen: {
        alarm: standing !== null,
        mix: of.stream === 'tickets' ? await this.explainer.mix(manager, look.folder) : null,
        ...explanation.seen,
      },
      requested: false,
      scheduleDue: false,
      alert: null,
      settings: decisionSettings(this.config),
    });
    const seen = [
      ...(standing ? seenCauses(explanation, { action, standing, windowFindings }) : []),
      ...volume.slice(-1).map(volumeCause),
    ];
    const [alert] = await recordLook(manager, {
      ...of,
      at: now,
      seen,
      groupOf,
      deliver: this.config.MONITOR_WEBHOOK_URL !== undefined,
    });
    if (alert !== undefined && standing) {
      await manager.query('UPDATE retrain_decisions SET alert = $2 WHERE id = $1', [id, alert]);
    }
    return { standing, findings };
  }

  private async afterLook(
    manager: EntityManager,
    { of, folder, counted, tickets, standing: before }: Look,
  ): Promise<{ standing: StandingAlarm | null; windowFindings: Finding[] }> {
    const raised = afterBucket(before, { alarms: counted.alarms, tickets });
    if (!raised) return { standing: null, windowFindings: [] };
    const windows = await newestWindows(manager, { ...of, tickets: windowTickets });
    const windowFindings = await this.thread.test(folder, windows);
    return { standing: afterWindow(raised, windowFindings), windowFindings };
  }

  /** The sum first, by which alarms are raised; then each signal by its part in it. */
  private shown({ findings, evidence }: Look['counted']): ShownFinding[] {
    const { MONITOR_MIN_TICKETS_PER_FALSE_ALARM: threshold } = this.config;
    const ofAll = findings.filter(({ slice }) => slice.by === 'all');
    const ofSlices = findings.filter(({ slice }) => slice.by !== 'all').slice(0, mostOfSlices);
    const together: Finding = {
      signal: 'together',
      slice: { by: 'all', value: '' },
      statistic: evidence,
      pValue: null,
      evidence,
      alarm: evidence >= threshold,
      effect: { value: evidence / threshold, low: 0, high: evidence / threshold, unit: 'of the alarm threshold' },
      explanation: `All signals combined: evidence ${Math.round(evidence)}, alarm threshold ${threshold}.`,
    };
    return [together, ...ofAll, ...ofSlices].map((finding) => {
      return { ...finding, statistic: finding.evidence ?? finding.statistic, threshold };
    });
  }
}

export type ShownFinding = Finding & { threshold: number };

/** Over time, of all tickets together. */
async function storeReadings(
  manager: EntityManager,
  { modelVersion, stream }: Watched,
  at: Date,
  findings: readonly ShownFinding[],
): Promise<void> {
  const readings = findings
    .filter(({ slice }) => slice.by === 'all')
    .map(({ signal, statistic, threshold, alarm, effect: { value, low, high } }) => {
      return { signal, statistic, threshold, alarm, value, low, high };
    });
  await manager.query(
    `INSERT INTO monitor_readings (model_version, stream, at, readings) VALUES ($1, $2, $3, $4)
     ON CONFLICT (model_version, stream, at) DO UPDATE SET readings = EXCLUDED.readings`,
    [modelVersion, stream, at, JSON.stringify(readings)],
  );
}

/** A day with more or fewer tickets than usual is told, and changes no model. */
function volumeCause({ at, findings }: Alarm): SeenCause {
  const times = findings[0]?.effect.value ?? 0;
  const volume = message('volume', { day: at.toISOString().slice(0, 10), times });
  const cause = {
    cause: 'volume:',
    group: 'volume',
    action: 'record' as const,
    headline: volume.sentence,
    message: volume.message,
  };
  return { ...cause, findings, evidence: {}, examples: [] };
}
