/** What is to be done about what the monitor found. */
export type RetrainAction = 'repair' | 'reweight' | 'record' | 'label-first' | 'retrain' | 'none';

export interface RetrainDecision {
  action: RetrainAction;
  /** In the order in which they were looked at; never empty */
  reasons: string[];
}
