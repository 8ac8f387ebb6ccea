import { barrier } from './readable-text.js';

/** A match, UTF-16 code units of the readable text, `end` excluded */
export interface Span {
  start: number;
  end: number;
  marker: Marker;
}

export type Marker = `<${
  | 'email'
  | 'phone'
  | 'card'
  | 'iban'
  | 'account'
  | 'token'
  | 'id'
  | 'birthdate'
  | 'address'
  | 'name'
  | 'code'
  | 'ip'}>`;

/** A marker that is in a text already */
export const markers = /<(?:email|phone|card|iban|account|token|id|birthdate|address|name|code|ip)>/g;

/** Spans in the order of the text, without overlap: of two that overlap, the first one. */
export function withoutOverlap(spans: readonly Span[]): Span[] {
  const kept: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (span.start >= (kept.at(-1)?.end ?? 0)) kept.push(span);
  }
  return kept;
}

/** The text with barriers in place of the spans; offsets stay the same. */
export function withBarriers(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const parts: string[] = [];
  let done = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(done, start), barrier.repeat(end - start));
    done = end;
  }
  return parts.join('') + text.slice(done);
}

/** Every match of a global pattern, or of its group named `value` where it has one. The pattern needs the flag `d` then. */
export function findAll(text: string, pattern: RegExp, marker: Marker): Span[] {
  return [...text.matchAll(pattern)].map((match) => {
    const [start, end] = match.indices?.groups?.['value'] ?? [match.index, match.index + match[0].length];
    return { start, end, marker };
  });
}
