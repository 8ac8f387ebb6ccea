import type { EnglishMessage } from '../../messages/localized-message.js';

/** Causes of drift, in the order in which to investigate them. */
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

/** With a sentence that has its figures. */
export interface Cause extends EnglishMessage {
  kind: CauseKind;
  /** The field, the value of the channel or language, or the template whose meaning changed; empty for other kinds */
  subject: string;
  /** Share of the window's tickets that it affects, beyond that of the reference, 0–1 */
  share: number;
  /** 0 < p ≤ 1, corrected for all tests of this kind */
  pValue: number;
}

/** Must be fixed at the source of the tickets; no training helps. */
const brokenKinds: ReadonlySet<CauseKind> = new Set<CauseKind>([
  'empty-text',
  'garbled-text',
  'field-gone',
  'field-constant',
]);

export const isBrokenInput = ({ kind }: Cause): boolean => brokenKinds.has(kind);
