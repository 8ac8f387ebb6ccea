/** What a simulation tells of a policy: what it did when, and how often the first template was right. */

/** `weekly` and `drift` train on all labels as they are and promote what comes of it, as scripts do. */
export const policies = ['never', 'weekly', 'drift', 'decision'] as const;
export type Policy = (typeof policies)[number];

export interface StoryEvent {
  at: string;
  kind: 'alarm' | 'decision' | 'training' | 'weights';
  said: string;
}

export interface Month {
  month: string;
  tickets: number;
  /** First templates that were right, shown or not */
  right: number;
  /** The most that all signals together had, as a share of what raises an alarm */
  evidence: number;
}
