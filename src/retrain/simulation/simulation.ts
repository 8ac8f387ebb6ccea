/**
 * A team's months in minutes: dated tickets come day by day, a version ranks them, agents answer, the monitor counts, and a policy
 * says when another version is trained. Whatever is decided here is decided by the functions that the service uses.
 */
import type { Candidate, Ranking } from '../../models/ranker.js';
import { rankInputOf } from '../../models/dataset/data-row.js';
import { idHash } from '../../models/dataset/trained-on.js';
import { isOtherMix } from '../../monitoring/diagnosis/labelled-mix.js';
import { decide, isHarmful, type RetrainDecision } from '../../monitoring/decisions/retrain-decision.js';
import { nextReweighting } from '../../monitoring/decisions/reweighting.js';
import { trustIn } from '../labels/label-split.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import { isLookDue } from '../runs/schedule.js';
import { answered, asHistory, type SimulatedTicket } from './simulated-agents.js';
import type { SimulatedModels } from './simulated-models.js';
import type { Month, Policy, StoryEvent } from './simulated-story.js';
import { SimulatedMonitor, watchedTicket } from './simulated-monitor.js';
import { failed, simulatedRun } from './simulated-run.js';
import { SimulationSettings } from './settings.js';

const dayMs = 86_400_000;

export class SimulatedTeam {
  readonly events: StoryEvent[] = [];
  readonly months: Month[] = [];
  /** Of each ticket, in order: whether the first template was right, shown or not */
  readonly right: boolean[] = [];
  trainings = 0;
  promotions = 0;
  alarms = 0;
  private readonly tickets = new Map<number, SimulatedTicket>();
  private readonly labels: LabelledTicket[] = [];
  private readonly known = new Set<string>();
  private learned: Set<string>;
  private taught = new Set<string>();
  private fresh = 0;
  private unlearned = 0;
  private topicLabels = 0;
  private weights: Record<string, number> | null = null;
  private lastAction = 'none';
  private harmful = false;
  private lastTrainedAt: Date;
  private lastLook: Date | null = null;
  private monitor: SimulatedMonitor;
  private readonly began: Date;

  /** @param version that was trained on the tickets before */
  constructor(
    private readonly policy: Policy,
    private readonly models: Pick<SimulatedModels, 'train' | 'rank'>,
    private readonly settings: SimulationSettings,
    before: readonly SimulatedTicket[],
    private version: string,
  ) {
    this.labels.push(...before.map(asHistory));
    for (const ticket of before) this.tickets.set(ticket.id, ticket);
    this.learned = new Set(before.map(({ key }) => idHash(key)));
    this.began = this.lastTrainedAt = before.at(-1)?.at ?? new Date(0);
    this.monitor = this.watch();
    this.teach(this.labels);
  }

  /** @param tickets of one day, in the order of time */
  async day(tickets: readonly SimulatedTicket[]): Promise<void> {
    const rankings = await this.models.rank(
      this.version,
      tickets.map(({ row }) => rankInputOf(row, false)),
      this.candidates(),
    );
    const labels = tickets.map((ticket, at) => answered(ticket, rankings[at] as Ranking, this.settings.agents));
    const month = this.monthOf(tickets);
    tickets.forEach((ticket, at) => {
      this.tickets.set(ticket.id, ticket);
      month.tickets += 1;
      const isRight = rankings[at]?.items[0]?.templateId === ticket.row.label;
      this.right.push(isRight);
      if (isRight) month.right += 1;
    });
    this.labels.push(...labels);
    for (const { template } of labels) {
      this.fresh += 1;
      this.unlearned += 1;
      if (template === null) continue;
      this.known.add(template);
      if (!this.taught.has(template)) this.topicLabels += 1;
    }
    const now = new Date((tickets.at(-1)?.at ?? this.began).getTime());
    const watched = tickets.map((ticket, at) =>
      watchedTicket(ticket, rankings[at] as Ranking, labels[at] as LabelledTicket),
    );
    const { alarms, standing, evidence } = await this.monitor.count(watched);
    month.evidence = Math.max(month.evidence, evidence);
    this.alarms += alarms.length;
    for (const { findings } of alarms) {
      this.tell(now, 'alarm', findings.slice(0, 3).map(({ explanation }) => explanation).join(' ')); // prettier-ignore
    }
    if (this.policy === 'drift' && alarms.length > 0) await this.trainOnAll(now);
    if (this.policy === 'weekly' && now.getTime() - this.lastTrainedAt.getTime() >= 7 * dayMs)
      await this.trainOnAll(now);
    if (this.policy === 'decision') await this.decide(now, standing !== null);
  }

  private async decide(now: Date, alarm: boolean): Promise<void> {
    const { decisions, schedule } = this.settings;
    const trust = trustIn(this.labels);
    const { seen } = await this.monitor.explain(trust);
    const mix = await this.monitor.mix(this.labels, trust);
    const { weights, estimatedAccuracy, ...facts } = seen;
    const scheduleDue =
      schedule !== undefined && isLookDue(schedule, { now, lastLook: this.lastLook, championSince: this.began });
    if (scheduleDue) this.lastLook = now;
    const evidence = {
      now,
      alarm,
      ...facts,
      wasHarmful: this.harmful,
      reweighted: this.weights !== null,
      freshLabels: this.fresh,
      unlearnedLabels: this.unlearned,
      topicLabels: this.topicLabels,
      lastTrainedAt: this.lastTrainedAt,
      scheduleDue,
      requested: false,
    };
    const decision = decide(evidence, decisions);
    this.harmful = alarm && isHarmful(evidence.loss, decisions.leastLoss, this.harmful);
    if (decision.action !== this.lastAction || decision.action === 'retrain') {
      this.tell(now, 'decision', `${decision.action}: ${decision.reasons.join(' ')}`);
    }
    this.lastAction = decision.action;
    const isOther = mix !== null && isOtherMix(mix, this.weights);
    const next = nextReweighting(decision.action, evidence, mix && { isOther });
    if (next === 'start') this.weights = mix?.weights ?? weights;
    if (next === 'end') this.weights = null;
    if (next !== 'keep')
      this.tell(
        now,
        'weights',
        next === 'start' ? `re-weighted by ${mix ? 'labels' : 'tickets'}` : 'the weights are taken back',
      );
    if (decision.action === 'retrain') await this.run(now, scheduleDue ? 'schedule' : 'decision', decision);
  }

  private async run(now: Date, trigger: 'decision' | 'schedule', { reasons }: RetrainDecision): Promise<void> {
    const { labels, learned, version } = this;
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
      this.tell(now, 'training', `none: too few labels to test on (${reasons.at(-1) ?? ''})`);
      return;
    }
    const { comparison, verdict } = run;
    this.trainings += 1;
    this.fresh = 0;
    const points = `champion ${comparison.champion.top1} %, challenger ${comparison.challenger.top1} % on ${comparison.tickets} tickets (${comparison.basis})`;
    this.tell(now, 'training', `${verdict.promoted ? 'promoted' : `kept: ${failed(verdict)}`}; ${points}`);
    if (verdict.promoted) this.promote(run.challenger, run.keys);
  }

  private async trainOnAll(now: Date): Promise<void> {
    this.lastTrainedAt = now;
    const lines = this.lines(this.labels);
    this.trainings += 1;
    this.tell(now, 'training', `on all ${lines.length} labels, promoted as it is`);
    this.promote(await this.models.train(lines), lines.map(({ ticket }) => ticket.key)); // prettier-ignore
  }

  private promote(version: string, keys: readonly string[]): void {
    this.version = version;
    this.promotions += 1;
    this.learned = new Set(keys.map(idHash));
    this.weights = null;
    this.lastAction = 'none';
    this.harmful = false;
    this.fresh = this.unlearned = this.topicLabels = 0;
    this.teach(this.labels.filter(({ key }) => this.learned.has(idHash(key))));
    this.monitor = this.watch();
  }

  private watch(): SimulatedMonitor {
    const { watch, decisions } = this.settings;
    return new SimulatedMonitor(this.version, { ...watch, leastLoss: decisions.leastLoss });
  }

  private teach(labels: readonly LabelledTicket[]): void {
    this.taught = new Set(labels.flatMap(({ template }) => template ?? []));
    for (const template of this.taught) this.known.add(template);
  }

  /** The templates that the team has by now. */
  private candidates(weights = this.weights): Candidate[] {
    return [...this.known].sort().map((id) => ({
      templateId: id,
      title: id,
      body: id,
      contactTypes: [],
      ...(weights && { weight: weights[id] ?? 1 }),
    }));
  }

  private lines(labels: readonly LabelledTicket[]) {
    return labels.map((label) => ({ ticket: this.ticket(label.ticket), template: label.template }));
  }

  private ticket(id: number): SimulatedTicket {
    const ticket = this.tickets.get(id);
    if (!ticket) throw new Error(`ticket ${id} has not come yet`);
    return ticket;
  }

  private monthOf([first]: readonly SimulatedTicket[]): Month {
    const month = (first?.at ?? this.began).toISOString().slice(0, 7);
    const last = this.months.at(-1);
    if (last?.month === month) return last;
    const fresh = { month, tickets: 0, right: 0, evidence: 0 };
    this.months.push(fresh);
    return fresh;
  }

  private tell(at: Date, kind: StoryEvent['kind'], said: string): void {
    this.events.push({ at: at.toISOString(), kind, said });
  }
}
