/** The monitor of a simulation: the service's detectors and rules, one window a day, without a database. */
import { alertDiagnosis, noDiagnosis, type AlertDiagnosis } from '../../monitoring/diagnosis/alert-diagnosis.js';
import type { Alarm } from '../../monitoring/detection/change-detector.js';
import { ticketText } from '../../models/features/ticket-text.js';
import type { Ranking } from '../../models/ranker.js';
import { classPriorLabels, type ClassPriorShift } from '../../monitoring/diagnosis/class-prior.js';
import type { Observation, ExposedOutcome } from '../../monitoring/observations/observation.js';
import { raiseAlarm, confirmAlarm, type ActiveAlarm } from '../../monitoring/detection/active-alarm.js';
import { TicketCounter } from '../../monitoring/runner/ticket-counter.js';
import type { Trust } from '../../monitoring/labels/trust.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import type { MonitorSettings } from './settings.js';
import type { SimulatedTicket } from './simulated-agents.js';

export interface MonitoredTicket {
  observation: Observation;
  outcome: ExposedOutcome;
  text: string;
}

export interface MonitoredDay {
  /** Raised today */
  alarms: Alarm[];
  activeAlarm: ActiveAlarm | null;
  /** Of all signals combined, as a share of the alarm threshold */
  evidence: number;
}

/** As in service: enough to detect a new topic in 5% of the tickets. */
const windowTickets = 1_000;
/** The active alarm is diagnosed again after this many tickets. */
const explainIntervalTickets = 200;
const seed = 1;

export class SimulatedMonitor {
  private readonly counter = new TicketCounter();
  private windowId = 0;
  private windows: { sample: string; tickets: number }[] = [];
  private newest: MonitoredTicket[] = [];
  private activeAlarm: ActiveAlarm | null = null;
  private lastExplanation: { explanation: AlertDiagnosis; at: number } | null = null;
  private tickets = 0;

  constructor(
    private readonly folder: string,
    private readonly settings: MonitorSettings & { minLoss: number },
  ) {}

  async count(tickets: readonly MonitoredTicket[]): Promise<MonitoredDay> {
    const { folder, settings } = this;
    const counted = await this.counter.count({
      folder,
      stream: 'tickets',
      previousWindowId: this.windowId,
      windowId: this.windowId + 1,
      ...(this.windowId === 0 && { state: null }),
      settings,
      observations: tickets.map(({ observation }) => observation),
      outcomes: tickets.map(({ outcome, observation }) => ({ outcome, observation })),
    });
    if (counted.kind !== 'counted') throw new Error('the counter has lost its state');
    this.windowId += 1;
    this.tickets += tickets.length;
    this.newest = [...this.newest, ...tickets].slice(-windowTickets);
    this.windows.push({ sample: counted.sample, tickets: tickets.length });
    while (this.windows.slice(1).reduce((sum, window) => sum + window.tickets, 0) >= windowTickets)
      this.windows.shift();
    const raised = raiseAlarm(this.activeAlarm, { alarms: counted.alarms, tickets: tickets.length });
    const samples = this.windows.map(({ sample }) => sample);
    this.activeAlarm = raised && confirmAlarm(raised, await this.counter.testWindows(folder, samples));
    if (!this.activeAlarm || raised?.tickets === 0) this.lastExplanation = null;
    const evidence = counted.evidence / settings.minTicketsPerFalseAlarm;
    return { alarms: counted.alarms.filter(({ kind }) => kind === 'drift'), activeAlarm: this.activeAlarm, evidence };
  }

  /** Class prior shift estimated from labels; null with too few */
  estimateClassPrior(labels: readonly LabelledTicket[], trust: Trust): Promise<ClassPriorShift | null> {
    const newest = labels.filter(({ provenance }) => provenance !== 'history').slice(-classPriorLabels);
    const { folder } = this;
    return this.counter.estimateClassPrior({
      folder,
      labels: newest.map(({ template: templateId, shownFirst }) => ({ templateId, shownFirst })),
      trust,
    });
  }

  /** Diagnosis of the active alarm. */
  async explain(trust: Trust): Promise<AlertDiagnosis> {
    if (!this.activeAlarm) return noDiagnosis;
    if (this.lastExplanation && this.tickets - this.lastExplanation.at < explainIntervalTickets)
      return this.lastExplanation.explanation;
    const evidence = await this.counter.diagnose({
      folder: this.folder,
      window: this.newest.map(({ observation }) => observation),
      texts: this.newest.map(({ observation, text }) => [observation.key, text]),
      outcomes: this.newest.map(({ outcome }) => outcome),
      trust,
      seed,
      minLoss: this.settings.minLoss,
    });
    const explanation = evidence ? alertDiagnosis(evidence, () => null) : noDiagnosis;
    this.lastExplanation = { explanation, at: this.tickets };
    return explanation;
  }
}

export function toMonitoredTicket(
  { key, at, row }: SimulatedTicket,
  ranking: Ranking,
  label: LabelledTicket,
): MonitoredTicket {
  const { items, unweighted, contactType, setSize, ...rest } = ranking;
  const { channel, language, fields } = row;
  return {
    observation: {
      ...rest,
      key,
      occurredAt: at,
      ranking: unweighted ?? items.slice(0, 10),
      contactType: contactType?.value ?? null,
      channel,
      language,
      fields,
    },
    outcome: {
      key,
      labelledAt: at,
      templateId: label.template,
      provenance: label.provenance,
      position: label.position,
      shownProbability: label.shownProbability,
      shownFirst: label.shownFirst,
    },
    text: ticketText(row),
  };
}
