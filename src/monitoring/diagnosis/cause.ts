import type { EnglishMessage } from '../../messages/localized-message.js';

/** Why tickets have moved. Of several the one that is named first is what should be looked at first. */
export type CauseKind =
  | 'empty-text'
  | 'garbled-text'
  | 'field-gone'
  | 'field-constant'
  | 'channel'
  | 'language'
  | 'field-value'
  | 'label-shift'
  | 'new-topic'
  | 'wording'
  | 'changed-meaning'
  | 'repeated-text';

/** Its sentence has figures. */
export interface Cause extends EnglishMessage {
  kind: CauseKind;
  /** The field, the channel's or language's value, the template whose meaning changed; empty where there is no such thing */
  subject: string;
  /** Of the window's tickets that it touches beyond what the reference has, 0–1 */
  share: number;
  /** Of the test that there is no such thing, 0 < p ≤ 1, corrected for all that were looked at of this kind */
  pValue: number;
}

/** What a person must mend in the tickets' source; no model learns it away. */
const brokenKinds: ReadonlySet<CauseKind> = new Set<CauseKind>([
  'empty-text',
  'garbled-text',
  'field-gone',
  'field-constant',
]);

export const isBrokenInput = ({ kind }: Cause): boolean => brokenKinds.has(kind);
