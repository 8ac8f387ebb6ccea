/**
 * One tick of the monitor: observe a closed window of tickets, detect changes, compare with the reference, diagnose, decide, alert.
 *
 * Invariant: each ticket is counted once, in canonical order within its window. What a window counted, the detectors' state after
 * it and the decision are stored in one transaction: a crash leaves the state before the window, and the same window gives the
 * same values again.
 *
 * A window closes at its end in event time plus the allowed lateness. Rows that are committed late are not lost, because a window
 * counts what no window has counted yet, not what is newer than the last ticket seen.
 */
import { join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { monitorActor } from '../../access/audit-log.js';
import { alertCauses, causeGroup } from '../alerts/alert-causes.js';
import { updateAlerts, type DetectedCause } from '../alerts/alert-store.js';
import { decisionSettings } from '../decisions/decision-settings.js';
import { decideAndStore, loadServingVersion } from '../decisions/decision-store.js';
import type { RetrainAction } from '../decisions/retrain-decision.js';
import { confirmAlarm, raiseAlarm, type ActiveAlarm } from '../detection/active-alarm.js';
import type { Alarm } from '../detection/change-detector.js';
import { noDiagnosis, type AlertDiagnosis } from '../diagnosis/alert-diagnosis.js';
import { message } from '../messages.js';
import type { Finding } from '../observations/finding.js';
import {
  loadNewOutcomes,
  loadUncounted,
  type StoredObservation,
  type StoredOutcome,
  type StreamKey,
} from '../observations/observation-rows.js';
import { DriftReferenceError } from '../reference/reference-file.js';
import { AlertDiagnosisService } from './alert-diagnosis.service.js';
import { CounterThread } from './counter-thread.js';
import type { CountRequest, CountResult } from './ticket-counter.js';
import { watermarkAt, windowAt } from './window-compaction.js';
import * as windows from './window-store.js';

/** A busier window is counted in parts of this size. */
const maxTickets = 1_000;
/** Tickets that the window tests compare with the reference: enough to see a new topic of one ticket in twenty. */
const testedTickets = 1_000;
/** Findings of slices that are kept, the strongest; of all tickets together all are. */
const maxSliceFindings = 50;

interface ClosedWindow extends StreamKey {
  from: Date;
  to: Date;
  /** Everything before it has closed */
  watermark: Date;
}

/** Everything that the steps of one tick need. */
interface Tick {
  now: Date;
  window: ClosedWindow;
  /** Of the model that ranked the tickets */
  folder: string;
  tickets: StoredObservation[];
  outcomes: StoredOutcome[];
  windowId: number;
  /** As the tick before left it */
  activeAlarm: ActiveAlarm | null;
  detection: Detection;
}

type Detection = Extract<CountResult, { kind: 'counted' }>;

/** An active alarm, and what the window tests say about it. */
interface Comparison {
  activeAlarm: ActiveAlarm | null;
  windowFindings: Finding[];
}

export type ReportedFinding = Finding & { threshold: number };

@Injectable()
export class MonitorTick {
  private readonly logger = new Logger('Monitor');

  constructor(
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly thread: CounterThread,
    private readonly diagnosis: AlertDiagnosisService,
  ) {}

  /** Evaluates the next closed window within the caller's transaction. @returns whether there may be another */
  async run(manager: EntityManager, now: Date): Promise<boolean> {
    const window = await this.findClosedWindow(manager, now);
    if (!window) return false;
    const tick = await this.observeAndDetect(manager, window, now);
    if (!tick) {
      await windows.skipUnmonitored(manager, window, window.watermark);
      return true;
    }
    await this.storeWindow(manager, tick);
    const isBehind = await this.isBehind(manager, window);
    const comparison = await this.compareWithReference(manager, tick);
    const findings = this.reportFindings(tick.detection);
    await this.storeReadings(manager, tick, findings);
    // Diagnosing an active alarm takes longer than counting: a monitor that is behind diagnoses the newest tickets only.
    const isDecisive = !isBehind || tick.detection.alarms.length > 0;
    if (isDecisive && window.modelVersion === (await loadServingVersion(manager))) {
      const diagnosis = await this.diagnose(manager, tick, comparison);
      const decision = await this.decide(manager, tick, comparison, diagnosis);
      await this.alert(manager, tick, comparison, { diagnosis, decision });
    }
    await this.storeState(manager, tick, comparison, findings);
    await this.compactOldWindows(manager, tick);
    return true;
  }

  /** The window of the oldest uncounted ticket; else one without tickets, for outcomes that have waited for a whole window. */
  private async findClosedWindow(manager: EntityManager, now: Date): Promise<ClosedWindow | null> {
    const { MONITOR_WINDOW_S: windowSeconds, MONITOR_LATENESS_S: allowedLatenessSeconds } = this.config;
    const watermark = watermarkAt(now, { windowSeconds, allowedLatenessSeconds });
    const oldest = await windows.findOldestUncounted(manager, watermark);
    if (oldest) {
      const { modelVersion, stream, occurredAt } = oldest;
      return { modelVersion, stream, ...windowAt(occurredAt, windowSeconds), watermark };
    }
    const due = await windows.findDueOutcomes(manager, new Date(now.getTime() - windowSeconds * 1000));
    return due && { ...due, from: watermark, to: watermark, watermark };
  }

  /** @returns null where the model has no drift reference, so that its tickets are not monitored */
  private async observeAndDetect(manager: EntityManager, window: ClosedWindow, now: Date): Promise<Tick | null> {
    const folder = await this.modelFolder(manager, window.modelVersion);
    if (folder === null) return null;
    const tickets = await loadUncounted(manager, { ...window, limit: maxTickets });
    const outcomes = await loadNewOutcomes(manager, { ...window, limit: maxTickets });
    const { windowId: previousWindowId, activeAlarm } = await windows.loadState(manager, window);
    const windowId = await windows.nextWindowId(manager);
    const { MONITOR_MIN_TICKETS_PER_FALSE_ALARM: minTicketsPerFalseAlarm, MONITOR_MIN_EFFECT: minEffect } = this.config;
    const detection = await this.detect(manager, window, {
      folder,
      stream: window.stream,
      previousWindowId,
      windowId,
      settings: { minTicketsPerFalseAlarm, minEffect },
      observations: tickets.map(({ observation }) => observation),
      outcomes: outcomes.map(({ outcome, observation }) => ({ outcome, observation })),
    });
    return detection && { now, window, folder, tickets, outcomes, windowId, activeAlarm, detection };
  }

  /** The thread keeps the detectors' state in memory, and is sent it only where it has none or another one. */
  private async detect(manager: EntityManager, stream: StreamKey, request: CountRequest): Promise<Detection | null> {
    try {
      const result = await this.thread.count(request);
      if (result.kind === 'counted') return result;
      const state = await windows.loadDetectorState(manager, stream);
      const resumed = await this.thread.count({ ...request, state });
      if (resumed.kind === 'counted') return resumed;
      throw new Error('the thread did not accept the detectors’ state');
    } catch (error) {
      if (!(error instanceof DriftReferenceError)) throw error;
      this.logger.warn(`tickets ranked by ${stream.modelVersion} are not monitored: ${error.message}`);
      return null;
    }
  }

  private async storeWindow(manager: EntityManager, { window, windowId, tickets, outcomes, detection }: Tick) {
    const newest = await windows.loadNewestEnd(manager, window);
    await windows.storeWindow(manager, {
      ...window,
      id: windowId,
      tickets: tickets.map(({ ticket }) => ticket),
      outcomes: outcomes.map(({ ticket }) => ticket),
      late: newest !== null && newest > window.to ? tickets.length : 0,
      sample: detection.sample,
    });
  }

  /** More tickets of this stream wait in closed windows. */
  private async isBehind(manager: EntityManager, { modelVersion, stream, watermark }: ClosedWindow): Promise<boolean> {
    const oldest = await windows.findOldestUncounted(manager, watermark);
    return oldest?.modelVersion === modelVersion && oldest.stream === stream;
  }

  /** Detectors raise an alarm; tests of the newest tickets against the reference say whether it is still active. */
  private async compareWithReference(
    manager: EntityManager,
    { window, folder, detection, tickets, activeAlarm }: Tick,
  ): Promise<Comparison> {
    const raised = raiseAlarm(activeAlarm, { alarms: detection.alarms, tickets: tickets.length });
    if (!raised) return { activeAlarm: null, windowFindings: [] };
    const samples = await windows.loadNewestSamples(manager, { ...window, tickets: testedTickets });
    const windowFindings = await this.thread.testWindows(folder, samples);
    return { activeAlarm: confirmAlarm(raised, windowFindings), windowFindings };
  }

  /** All signals combined first, by which alarms are raised; then each signal by its part of the evidence. */
  private reportFindings({ findings, evidence }: Detection): ReportedFinding[] {
    const { MONITOR_MIN_TICKETS_PER_FALSE_ALARM: threshold } = this.config;
    const combined: Finding = {
      signal: 'together',
      slice: { by: 'all', value: '' },
      statistic: evidence,
      pValue: null,
      evidence,
      alarm: evidence >= threshold,
      effect: { value: evidence / threshold, low: 0, high: evidence / threshold, unit: 'of the alarm threshold' },
      explanation: `All signals combined: evidence ${Math.round(evidence)}, alarm threshold ${threshold}.`,
    };
    const allTickets = findings.filter(({ slice }) => slice.by === 'all');
    const slices = findings.filter(({ slice }) => slice.by !== 'all').slice(0, maxSliceFindings);
    return [combined, ...allTickets, ...slices].map((finding) => {
      return { ...finding, statistic: finding.evidence ?? finding.statistic, threshold };
    });
  }

  /** One reading of each signal over all tickets, for its curve over time. */
  private async storeReadings(manager: EntityManager, tick: Tick, findings: readonly ReportedFinding[]): Promise<void> {
    const { modelVersion, stream } = tick.window;
    const readings = findings
      .filter(({ slice }) => slice.by === 'all')
      .map(({ signal, statistic, threshold, alarm, effect: { value, low, high } }) => {
        return { signal, statistic, threshold, alarm, value, low, high };
      });
    const at = tick.tickets.at(-1)?.observation.occurredAt ?? tick.now;
    await windows.storeReadings(manager, { modelVersion, stream, at, readings });
  }

  private async diagnose(
    manager: EntityManager,
    { window, folder }: Tick,
    { activeAlarm }: Comparison,
  ): Promise<AlertDiagnosis> {
    return activeAlarm ? this.diagnosis.diagnose(manager, window, folder) : noDiagnosis;
  }

  private async decide(
    manager: EntityManager,
    { now, window: { modelVersion, stream }, folder }: Tick,
    { activeAlarm }: Comparison,
    diagnosis: AlertDiagnosis,
  ): Promise<{ id: number; action: RetrainAction }> {
    const classPrior = stream === 'tickets' ? await this.diagnosis.estimateClassPrior(manager, folder) : null;
    return decideAndStore(manager, {
      requestedBy: monitorActor,
      now,
      modelVersion,
      stream,
      evaluation: { alarm: activeAlarm !== null, classPrior, ...diagnosis.evaluation },
      requested: false,
      scheduleDue: false,
      alert: null,
      settings: decisionSettings(this.config),
    });
  }

  private async alert(
    manager: EntityManager,
    { now, window: { modelVersion, stream }, detection }: Tick,
    { activeAlarm, windowFindings }: Comparison,
    { diagnosis, decision }: { diagnosis: AlertDiagnosis; decision: { id: number; action: RetrainAction } },
  ): Promise<void> {
    const volume = detection.alarms.filter(({ kind }) => kind === 'volume').slice(-1);
    const { action } = decision;
    const [alert] = await updateAlerts(manager, {
      modelVersion,
      stream,
      at: now,
      causes: [
        ...(activeAlarm ? alertCauses(diagnosis, { action, activeAlarm, windowFindings }) : []),
        ...volume.map(volumeCause),
      ],
      groupOf: causeGroup,
      deliver: this.config.MONITOR_WEBHOOK_URL !== undefined,
    });
    if (alert !== undefined && activeAlarm) {
      await manager.query('UPDATE retrain_decisions SET alert = $2 WHERE id = $1', [decision.id, alert]);
    }
  }

  private async storeState(
    manager: EntityManager,
    { now, window, windowId, tickets, detection }: Tick,
    { activeAlarm }: Comparison,
    findings: ReportedFinding[],
  ): Promise<void> {
    const counts = { tickets: tickets.length, evaluatedAt: now };
    await windows.storeState(manager, window, {
      windowId,
      activeAlarm,
      detectors: detection.state,
      ...counts,
      findings,
    });
  }

  /** At most one compaction a tick keeps up, because each tick adds at most one window. */
  private async compactOldWindows(manager: EntityManager, { window, folder }: Tick): Promise<void> {
    const compaction = await windows.findCompaction(manager, window);
    if (!compaction) return;
    await windows.storeCompaction(manager, compaction, await this.thread.mergeWindows(folder, compaction.samples));
  }

  private async modelFolder(manager: EntityManager, version: string): Promise<string | null> {
    const [row]: { folder: string }[] = await manager.query('SELECT folder FROM model_versions WHERE version = $1', [
      version,
    ]);
    return row ? join(this.config.MODEL_DIR, row.folder) : null;
  }
}

/** An unusual number of tickets in a day is reported, and changes no model. */
function volumeCause({ at, findings }: Alarm): DetectedCause {
  const times = findings[0]?.effect.value ?? 0;
  const volume = message('volume', { day: at.toISOString().slice(0, 10), times });
  return {
    cause: 'volume:',
    group: 'volume',
    action: 'record',
    headline: volume.sentence,
    message: volume.message,
    findings,
    evidence: {},
    examples: [],
  };
}
