/** The monitor of a simulation: the service's counter and rules, a day at a time, without a database between them. */
import { explanationOf, unexplained, type Explanation } from '../../monitoring/diagnosis/explanation.js';
import type { Alarm, WatchSettings } from '../../monitoring/detection/change-watch.js';
import { ticketText } from '../../models/features/ticket-text.js';
import type { Ranking } from '../../models/ranker.js';
import { mixTickets, type LabelledMix } from '../../monitoring/diagnosis/labelled-mix.js';
import type { Observation, SeenOutcome } from '../../monitoring/observations/observation.js';
import { afterBucket, afterWindow, type StandingAlarm } from '../../monitoring/detection/active-alarm.js';
import { TicketCounter } from '../../monitoring/runner/ticket-counter.js';
import type { Trust } from '../../monitoring/labels/trust.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import type { SimulatedTicket } from './simulated-agents.js';

export interface WatchedTicket {
  observation: Observation;
  outcome: SeenOutcome;
  text: string;
}

export interface Seen {
  /** Raised today */
  alarms: Alarm[];
  standing: StandingAlarm | null;
  /** Of all signals together, as a share of what raises an alarm */
  evidence: number;
}

/** As in service: enough to see a new topic of one ticket in twenty. */
const windowTickets = 1_000;
/** What stands is explained anew after so many tickets. */
const explainEvery = 200;
const seed = 1;

export class SimulatedMonitor {
  private readonly counter = new TicketCounter();
  private bucket = 0;
  private windows: { sums: string; tickets: number }[] = [];
  private newest: WatchedTicket[] = [];
  private standing: StandingAlarm | null = null;
  private explained: { explanation: Explanation; at: number } | null = null;
  private tickets = 0;

  constructor(
    private readonly folder: string,
    private readonly settings: WatchSettings & { ticketsToFalseAlarm: number; leastLoss: number },
  ) {}

  async count(tickets: readonly WatchedTicket[]): Promise<Seen> {
    const { folder, settings } = this;
    const counted = await this.counter.count({
      folder,
      stream: 'tickets',
      after: this.bucket,
      number: this.bucket + 1,
      ...(this.bucket === 0 && { state: null }),
      settings,
      observations: tickets.map(({ observation }) => observation),
      outcomes: tickets.map(({ outcome, observation }) => ({ outcome, observation })),
    });
    if (counted.kind !== 'counted') throw new Error('the counter has lost its state');
    this.bucket += 1;
    this.tickets += tickets.length;
    this.newest = [...this.newest, ...tickets].slice(-windowTickets);
    this.windows.push({ sums: counted.sums, tickets: tickets.length });
    while (this.windows.slice(1).reduce((sum, window) => sum + window.tickets, 0) >= windowTickets)
      this.windows.shift();
    const raised = afterBucket(this.standing, { alarms: counted.alarms, tickets: tickets.length });
    const sums = this.windows.map((window) => window.sums);
    this.standing = raised && afterWindow(raised, await this.counter.test(folder, sums));
    if (!this.standing || raised?.tickets === 0) this.explained = null;
    const evidence = counted.evidence / settings.ticketsToFalseAlarm;
    return { alarms: counted.alarms.filter(({ kind }) => kind === 'drift'), standing: this.standing, evidence };
  }

  /** What labels say of the mix of questions */
  mix(labels: readonly LabelledTicket[], trust: Trust): Promise<LabelledMix | null> {
    const given = labels.filter(({ provenance }) => provenance !== 'history').slice(-mixTickets);
    const { folder } = this;
    return this.counter.mix({
      folder,
      labels: given.map(({ template: templateId, shownFirst }) => ({ templateId, shownFirst })),
      trust,
    });
  }

  /** What stands behind the alarm; nothing where none stands. */
  async explain(trust: Trust): Promise<Explanation> {
    if (!this.standing) return unexplained;
    if (this.explained && this.tickets - this.explained.at < explainEvery) return this.explained.explanation;
    const evidence = await this.counter.explain({
      folder: this.folder,
      window: this.newest.map(({ observation }) => observation),
      texts: this.newest.map(({ observation, text }) => [observation.key, text]),
      outcomes: this.newest.map(({ outcome }) => outcome),
      trust,
      seed,
      leastLoss: this.settings.leastLoss,
    });
    const explanation = evidence ? explanationOf(evidence, () => null) : unexplained;
    this.explained = { explanation, at: this.tickets };
    return explanation;
  }
}

export function watchedTicket(
  { key, at, row }: SimulatedTicket,
  ranking: Ranking,
  label: LabelledTicket,
): WatchedTicket {
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
