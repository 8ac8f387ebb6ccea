/** Result of a simulated policy: its events, and accuracy by month. */

/** `weekly` and `drift` train on all labels and promote without comparison, as scripts do. */
export const policies = ['never', 'weekly', 'drift', 'decision'] as const;
export type Policy = (typeof policies)[number];

export interface StoryEvent {
  at: string;
  kind: 'alarm' | 'decision' | 'training' | 'weights';
  detail: string;
}

export interface Month {
  month: string;
  tickets: number;
  /** Tickets whose first template was correct, shown or not */
  correct: number;
  /** Maximum evidence of all signals combined, as a share of the alarm threshold */
  evidence: number;
}
