import type { FieldValue } from '../../service/api-types.js';

/** A piece of a reply. A placeholder has the name of the field that fills it, and null where the ticket lacks it. */
export type Piece = { text: string } | { name: string; value: string | null };

/** `Hi {{customer.firstName}}` with a ticket's fields. */
export function fill(body: string, fields: Readonly<Record<string, FieldValue>>): Piece[] {
  // Every second piece of the split is what stood between the braces.
  return body.split(/\{\{\s*([\w.-]+)\s*\}\}/).flatMap((part, index): Piece[] => {
    if (index % 2 === 0) return part === '' ? [] : [{ text: part }];
    const value = Object.hasOwn(fields, part) ? String(fields[part] ?? '').trim() : '';
    return [{ name: part, value: value === '' ? null : value }];
  });
}

/** As text to paste: what is missing keeps its braces. */
export const asText = (pieces: Piece[]): string =>
  pieces.map((piece) => ('text' in piece ? piece.text : (piece.value ?? `{{${piece.name}}}`))).join('');

export const missingIn = (pieces: Piece[]): string[] => [
  ...new Set(pieces.flatMap((piece) => ('name' in piece && piece.value === null ? [piece.name] : []))),
];

/** Placeholders that still stand in a text. */
export const unfilledIn = (text: string): string[] => missingIn(fill(text, {}));
