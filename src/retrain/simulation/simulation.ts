/**
 * A team's months in minutes: dated tickets come day by day, a version ranks them, agents answer, the monitor counts, and a policy
 * says when another version is trained. Whatever is decided here is decided by the functions that the service uses.
 */
import type { Candidate, Ranking } from '../../models/ranker.js';
import { toRankInput } from '../../models/dataset/data-row.js';
import { idHash } from '../../models/dataset/trained-on.js';
import { differsFromActiveWeights } from '../../monitoring/diagnosis/class-prior.js';
import { decide, isHarmful, type RetrainDecision } from '../../monitoring/decisions/retrain-decision.js';
import { nextReweighting } from '../../monitoring/decisions/reweighting.js';
import { estimateTrust } from '../labels/label-split.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import { isEvaluationDue } from '../runs/schedule.js';
import { simulateChoice, toHistoryLabel, type SimulatedTicket } from './simulated-agents.js';
import type { SimulatedModels } from './simulated-models.js';
import type { Month, Policy, StoryEvent } from './simulated-story.js';
import { SimulatedMonitor, toMonitoredTicket } from './simulated-monitor.js';
import { describeFailedGates, simulatedRun } from './simulated-run.js';
import { SimulationSettings } from './settings.js';

const dayMs = 86_400_000;

export class SimulatedTeam {
  readonly events: StoryEvent[] = [];
  readonly months: Month[] = [];
  /** Of each ticket, in order: whether the first template was right, shown or not */
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

  /** @param version that was trained on the tickets before */
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
    tickets.forEach((ticket, at) => {
      this.tickets.set(ticket.id, ticket);
      month.tickets += 1;
      const isRight = rankings[at]?.items[0]?.templateId === ticket.row.label;
      this.correct.push(isRight);
      if (isRight) month.right += 1;
    });
    this.labels.push(...labels);
    for (const { template } of labels) {
      this.newLabels += 1;
      this.untrainedLabels += 1;
      if (template === null) continue;
      this.templates.add(template);
      if (!this.trainedTemplates.has(template)) this.topicLabels += 1;
    }
    const now = new Date((tickets.at(-1)?.at ?? this.startedAt).getTime());
    const watched = tickets.map((ticket, at) =>
      toMonitoredTicket(ticket, rankings[at] as Ranking, labels[at] as LabelledTicket),
    );
    const { alarms, activeAlarm: standing, evidence } = await this.monitor.count(watched);
    month.evidence = Math.max(month.evidence, evidence);
    this.alarms += alarms.length;
    for (const { findings } of alarms) {
      this.record(now, 'alarm', findings.slice(0, 3).map(({ explanation }) => explanation).join(' ')); // prettier-ignore
    }
    if (this.policy === 'drift' && alarms.length > 0) await this.trainOnAll(now);
    if (this.policy === 'weekly' && now.getTime() - this.lastTrainedAt.getTime() >= 7 * dayMs)
      await this.trainOnAll(now);
    if (this.policy === 'decision') await this.decide(now, standing !== null);
  }

  private async decide(now: Date, alarm: boolean): Promise<void> {
    const { decisions, schedule } = this.settings;
    const trust = estimateTrust(this.labels);
    const { evaluation } = await this.monitor.explain(trust);
    const mix = await this.monitor.mix(this.labels, trust);
    const { weights, estimatedAccuracy, ...facts } = evaluation;
    const scheduleDue =
      schedule !== undefined &&
      isEvaluationDue(schedule, { now, lastEvaluation: this.lastEvaluation, championSince: this.startedAt });
    if (scheduleDue) this.lastEvaluation = now;
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
    const isOther = mix !== null && differsFromActiveWeights(mix, this.weights);
    const next = nextReweighting(decision.action, evidence, mix && { isOther });
    if (next === 'start') this.weights = mix?.weights ?? weights;
    if (next === 'end') this.weights = null;
    if (next !== 'keep')
      this.record(
        now,
        'weights',
        next === 'start' ? `re-weighted by ${mix ? 'labels' : 'tickets'}` : 'the weights are taken back',
      );
    if (decision.action === 'retrain') await this.run(now, scheduleDue ? 'schedule' : 'decision', decision);
  }

  private async run(now: Date, trigger: 'decision' | 'schedule', { reasons }: RetrainDecision): Promise<void> {
    const { labels, trainedOn: learned, version } = this;
    this.lastTrainedAt = now;
    const question = {
      now,
      trigger,
      labels,
      learned,
      champion: version,
      ticketOf: (id: number) => this.ticket(id),
      candidates: this.candidates(null),
    };
    const run = await simulatedRun(this.models, question, this.settings);
    if (!run) {
      this.record(now, 'training', `none: too few labels to test on (${reasons.at(-1) ?? ''})`);
      return;
    }
    const { comparison, verdict } = run;
    this.trainings += 1;
    this.newLabels = 0;
    const points = `champion ${comparison.champion.top1} %, challenger ${comparison.challenger.top1} % on ${comparison.tickets} tickets (${comparison.basis})`;
    this.record(
      now,
      'training',
      `${verdict.promoted ? 'promoted' : `kept: ${describeFailedGates(verdict)}`}; ${points}`,
    );
    if (verdict.promoted) this.promote(run.challenger, run.keys);
  }

  private async trainOnAll(now: Date): Promise<void> {
    this.lastTrainedAt = now;
    const lines = this.toTrainingRows(this.labels);
    this.trainings += 1;
    this.record(now, 'training', `on all ${lines.length} labels, promoted as it is`);
    this.promote(await this.models.train(lines), lines.map(({ ticket }) => ticket.key)); // prettier-ignore
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
    const { monitor: watch, decisions } = this.settings;
    return new SimulatedMonitor(this.version, { ...watch, leastLoss: decisions.minLoss });
  }

  private setTrainedTemplates(labels: readonly LabelledTicket[]): void {
    this.trainedTemplates = new Set(labels.flatMap(({ template }) => template ?? []));
    for (const template of this.trainedTemplates) this.templates.add(template);
  }

  /** The templates that the team has by now. */
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
    if (!ticket) throw new Error(`ticket ${id} has not come yet`);
    return ticket;
  }

  private currentMonth([first]: readonly SimulatedTicket[]): Month {
    const month = (first?.at ?? this.startedAt).toISOString().slice(0, 7);
    const last = this.months.at(-1);
    if (last?.month === month) return last;
    const fresh = { month, tickets: 0, right: 0, evidence: 0 };
    this.months.push(fresh);
    return fresh;
  }

  private record(at: Date, kind: StoryEvent['kind'], said: string): void {
    this.events.push({ at: at.toISOString(), kind, said });
  }
}
