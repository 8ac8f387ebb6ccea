/**
 * Simulates months of a team in minutes: dated tickets arrive day by day, a version ranks them, simulated agents answer, the
 * monitor evaluates, and a policy decides when to train. All decisions are made by the service's own functions.
 */
import type { Candidate, Ranking } from '../../models/ranker.js';
import { toRankInput } from '../../models/dataset/data-row.js';
import { idHash } from '../../models/dataset/trained-on.js';
import { differsFromActiveWeights } from '../../monitoring/diagnosis/class-prior.js';
import { decide, isHarmful, type RetrainDecision } from '../../monitoring/decisions/retrain-decision.js';
import { nextReweighting } from '../../monitoring/decisions/reweighting.js';
import { estimateLabelTrust } from '../labels/label-split.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import { isEvaluationDue } from '../runs/schedule.js';
import { simulateChoice, toHistoryLabel, type SimulatedTicket } from './simulated-agents.js';
import type { SimulatedModels } from './simulated-models.js';
import type { Month, Policy, StoryEvent } from './simulated-story.js';
import { SimulatedMonitor, toMonitoredTicket } from './simulated-monitor.js';
import { describeFailedGates, simulatedRun } from './simulated-run.js';
import type { SimulationSettings } from './settings.js';

const dayMs = 86_400_000;

export class SimulatedTeam {
  readonly events: StoryEvent[] = [];
  readonly months: Month[] = [];
  /** By ticket, in order: whether the first template was correct, shown or not */
  readonly correct: boolean[] = [];
  trainings = 0;
  promotions = 0;
  alarms = 0;
  private readonly tickets = new Map<number, SimulatedTicket>();
  private readonly labels: LabelledTicket[] = [];
  private readonly templates = new Set<string>();
  private trainedOn: Set<string>;
  private trainedTemplates = new Set<string>();
  private newLabels = 0;
  private untrainedLabels = 0;
  private topicLabels = 0;
  private weights: Record<string, number> | null = null;
  private lastAction = 'none';
  private isHarmful = false;
  private lastTrainedAt: Date;
  private lastEvaluation: Date | null = null;
  private monitor: SimulatedMonitor;
  private readonly startedAt: Date;

  /** @param version trained on the tickets in `before` */
  constructor(
    private readonly policy: Policy,
    private readonly models: Pick<SimulatedModels, 'train' | 'rank'>,
    private readonly settings: SimulationSettings,
    before: readonly SimulatedTicket[],
    private version: string,
  ) {
    this.labels.push(...before.map(toHistoryLabel));
    for (const ticket of before) this.tickets.set(ticket.id, ticket);
    this.trainedOn = new Set(before.map(({ key }) => idHash(key)));
    this.startedAt = this.lastTrainedAt = before.at(-1)?.at ?? new Date(0);
    this.monitor = this.createMonitor();
    this.setTrainedTemplates(this.labels);
  }

  /** @param tickets of one day, in the order of time */
  async simulateDay(tickets: readonly SimulatedTicket[]): Promise<void> {
    const rankings = await this.models.rank(
      this.version,
      tickets.map(({ row }) => toRankInput(row, false)),
      this.candidates(),
    );
    const labels = tickets.map((ticket, at) => simulateChoice(ticket, rankings[at] as Ranking, this.settings.agents));
    const month = this.currentMonth(tickets);
    this.countTickets(tickets, rankings, month);
    this.countLabels(labels);
    const now = new Date((tickets.at(-1)?.at ?? this.startedAt).getTime());
    const monitored = tickets.map((ticket, at) =>
      toMonitoredTicket(ticket, rankings[at] as Ranking, labels[at] as LabelledTicket),
    );
    const { alarms, activeAlarm, evidence } = await this.monitor.count(monitored);
    month.evidence = Math.max(month.evidence, evidence);
    this.alarms += alarms.length;
    for (const { findings } of alarms) {
      this.record(now, 'alarm', findings.slice(0, 3).map(({ explanation }) => explanation).join(' ')); // prettier-ignore
    }
    if (this.policy === 'drift' && alarms.length > 0) await this.trainOnAll(now);
    if (this.policy === 'weekly' && now.getTime() - this.lastTrainedAt.getTime() >= 7 * dayMs)
      await this.trainOnAll(now);
    if (this.policy === 'decision') await this.decide(now, activeAlarm !== null);
  }

  private countTickets(tickets: readonly SimulatedTicket[], rankings: readonly Ranking[], month: Month): void {
    tickets.forEach((ticket, at) => {
      this.tickets.set(ticket.id, ticket);
      month.tickets += 1;
      const isCorrect = rankings[at]?.items[0]?.templateId === ticket.row.label;
      this.correct.push(isCorrect);
      if (isCorrect) month.correct += 1;
    });
  }

  private countLabels(labels: readonly LabelledTicket[]): void {
    this.labels.push(...labels);
    for (const { template } of labels) {
      this.newLabels += 1;
      this.untrainedLabels += 1;
      if (template === null) continue;
      this.templates.add(template);
      if (!this.trainedTemplates.has(template)) this.topicLabels += 1;
    }
  }

  private async decide(now: Date, alarm: boolean): Promise<void> {
    const { decisions } = this.settings;
    const trust = estimateLabelTrust(this.labels);
    const { evaluation } = await this.monitor.explain(trust);
    const prior = await this.monitor.estimateClassPrior(this.labels, trust);
    const { weights, estimatedAccuracy, ...facts } = evaluation;
    const scheduleDue = this.isScheduleDue(now);
    const evidence = {
      now,
      alarm,
      ...facts,
      wasHarmful: this.isHarmful,
      reweighted: this.weights !== null,
      freshLabels: this.newLabels,
      unlearnedLabels: this.untrainedLabels,
      topicLabels: this.topicLabels,
      lastTrainedAt: this.lastTrainedAt,
      scheduleDue,
      requested: false,
    };
    const decision = decide(evidence, decisions);
    this.isHarmful = alarm && isHarmful(evidence.loss, decisions.minLoss, this.isHarmful);
    if (decision.action !== this.lastAction || decision.action === 'retrain') {
      this.record(now, 'decision', `${decision.action}: ${decision.reasons.join(' ')}`);
    }
    this.lastAction = decision.action;
    const differs = prior && { isOther: differsFromActiveWeights(prior, this.weights) };
    const next = nextReweighting(decision.action, evidence, differs);
    if (next === 'start') this.startWeights(now, prior?.weights ?? weights, prior ? 'labels' : 'tickets');
    if (next === 'end') this.endWeights(now);
    if (decision.action === 'retrain') await this.run(now, scheduleDue ? 'schedule' : 'decision', decision);
  }

  private isScheduleDue(now: Date): boolean {
    const { schedule } = this.settings;
    const facts = { now, lastEvaluation: this.lastEvaluation, championSince: this.startedAt };
    const isDue = schedule !== undefined && isEvaluationDue(schedule, facts);
    if (isDue) this.lastEvaluation = now;
    return isDue;
  }

  private startWeights(now: Date, weights: Record<string, number> | null, source: 'labels' | 'tickets'): void {
    this.weights = weights;
    this.record(now, 'weights', `prior correction estimated from ${source}`);
  }

  private endWeights(now: Date): void {
    this.weights = null;
    this.record(now, 'weights', 'prior correction reverted');
  }

  private async run(now: Date, trigger: 'decision' | 'schedule', { reasons }: RetrainDecision): Promise<void> {
    this.lastTrainedAt = now;
    const input = {
      now,
      trigger,
      labels: this.labels,
      trainedOn: this.trainedOn,
      champion: this.version,
      findTicket: (id: number) => this.ticket(id),
      candidates: this.candidates(null),
    };
    const run = await simulatedRun(this.models, input, this.settings);
    if (!run) {
      this.record(now, 'training', `none: too few new labels to train and to test (${reasons.at(-1) ?? ''})`);
      return;
    }
    const { comparison, verdict } = run;
    this.trainings += 1;
    this.newLabels = 0;
    const outcome = verdict.promoted ? 'promoted' : `rejected: ${describeFailedGates(verdict)}`;
    const top1 = `top-1 accuracy: champion ${comparison.champion.top1}%, challenger ${comparison.challenger.top1}%`;
    this.record(now, 'training', `${outcome}; ${top1} on ${comparison.tickets} tickets (${comparison.basis})`);
    if (verdict.promoted) this.promote(run.challenger, run.keys);
  }

  private async trainOnAll(now: Date): Promise<void> {
    this.lastTrainedAt = now;
    const rows = this.toTrainingRows(this.labels);
    this.trainings += 1;
    this.record(now, 'training', `on all ${rows.length} labels, promoted without comparison`);
    this.promote(await this.models.train(rows), rows.map(({ ticket }) => ticket.key)); // prettier-ignore
  }

  private promote(version: string, keys: readonly string[]): void {
    this.version = version;
    this.promotions += 1;
    this.trainedOn = new Set(keys.map(idHash));
    this.weights = null;
    this.lastAction = 'none';
    this.isHarmful = false;
    this.newLabels = this.untrainedLabels = this.topicLabels = 0;
    this.setTrainedTemplates(this.labels.filter(({ key }) => this.trainedOn.has(idHash(key))));
    this.monitor = this.createMonitor();
  }

  private createMonitor(): SimulatedMonitor {
    const { monitor, decisions } = this.settings;
    return new SimulatedMonitor(this.version, { ...monitor, minLoss: decisions.minLoss });
  }

  private setTrainedTemplates(labels: readonly LabelledTicket[]): void {
    this.trainedTemplates = new Set(labels.flatMap(({ template }) => template ?? []));
    for (const template of this.trainedTemplates) this.templates.add(template);
  }

  /** The templates that the team has so far. */
  private candidates(weights = this.weights): Candidate[] {
    return [...this.templates].sort().map((id) => ({
      templateId: id,
      title: id,
      body: id,
      contactTypes: [],
      ...(weights && { weight: weights[id] ?? 1 }),
    }));
  }

  private toTrainingRows(labels: readonly LabelledTicket[]) {
    return labels.map((label) => ({ ticket: this.ticket(label.ticket), template: label.template }));
  }

  private ticket(id: number): SimulatedTicket {
    const ticket = this.tickets.get(id);
    if (!ticket) throw new Error(`ticket ${id} has not arrived yet`);
    return ticket;
  }

  private currentMonth([first]: readonly SimulatedTicket[]): Month {
    const month = (first?.at ?? this.startedAt).toISOString().slice(0, 7);
    const last = this.months.at(-1);
    if (last?.month === month) return last;
    const next = { month, tickets: 0, correct: 0, evidence: 0 };
    this.months.push(next);
    return next;
  }

  private record(at: Date, kind: StoryEvent['kind'], detail: string): void {
    this.events.push({ at: at.toISOString(), kind, detail });
  }
}
