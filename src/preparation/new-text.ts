import { findOldParts, keepNew, type TextRange } from './mail-parts.js';

/** What the model reads of a ticket's body, with the way back to the body's offsets. */
export interface NewText {
  text: string;
  /** Parts of the body that are left out, in order */
  left: readonly TextRange[];
}

/** What the customer newly wrote: the body without quoted history, signatures, legal notices and inline images. */
export function newText(body: string): NewText {
  const left = findOldParts(body);
  return { text: keepNew(body, left), left };
}

/** Offset in the body of an offset in its new text. */
export function bodyOffset(left: readonly TextRange[], offset: number): number {
  let at = offset;
  for (const { start, end } of left) {
    if (at < start) break;
    at += end - start;
  }
  return at;
}
