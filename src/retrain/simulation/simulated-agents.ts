/** Simulated agents: they know the correct template, and some accept the first suggestion unread (trust bias). */
import type { DataRow } from '../../models/dataset/data-row.js';
import { hash32 } from '../../statistics/random.js';
import type { Ranking } from '../../models/ranker.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';

export interface AgentSettings {
  /** Probability of accepting the first suggestion unread, 0–1 */
  trust: number;
  /** Share of tickets that are shown no suggestion, 0–1 */
  auditShare: number;
  seed: number;
}

export interface SimulatedTicket {
  id: number;
  key: string;
  at: Date;
  row: DataRow;
}

const shownItems = 3;

/** The label of a ticket that was answered before any suggestion. */
export function toHistoryLabel({ id, key, at, row }: SimulatedTicket): LabelledTicket {
  return {
    ticket: id,
    key,
    at: at.getTime(),
    template: row.label,
    provenance: 'history',
    position: null,
    labelledAt: at.getTime(),
    suggestedFirst: null,
    confidence: null,
    shownFirst: null,
    shownProbability: null,
  };
}

/** The agent's choice. Its randomness depends on the key alone, so that policies are compared with the same agents. */
export function simulateChoice(
  ticket: SimulatedTicket,
  { items, abstained }: Pick<Ranking, 'items' | 'abstained'>,
  { trust, auditShare, seed }: AgentSettings,
): LabelledTicket {
  const { key, row } = ticket;
  const draw = (about: string): number => hash32(`${about} ${key}`, seed) / 2 ** 32;
  const audit = draw('audit') < auditShare;
  const shown = audit || abstained ? [] : items.slice(0, shownItems).map(({ templateId }) => templateId);
  const [first = null] = shown;
  const template = first !== null && draw('trust') < trust ? first : row.label;
  const index = template === null ? -1 : shown.indexOf(template);
  return {
    ...toHistoryLabel(ticket),
    template,
    provenance: audit ? 'audit' : 'choice',
    position: index === -1 ? null : index + 1,
    suggestedFirst: items[0]?.templateId ?? null,
    confidence: items[0]?.probability ?? null,
    shownFirst: first,
    shownProbability: audit || abstained ? 0 : 1 - auditShare,
  };
}
