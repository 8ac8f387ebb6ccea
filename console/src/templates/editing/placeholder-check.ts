/** What is wrong with the placeholders of a text, before anybody sends it. */
import MiniSearch from 'minisearch';
import { asText, fill, unfilledIn } from './placeholders.js';

export interface UnknownPlaceholder {
  name: string;
  /** A field that tickets have and that may have been meant */
  meant: string | null;
}

export interface PlaceholderProblems {
  unknown: UnknownPlaceholder[];
  /** Braces that make no placeholder, with what stands in them */
  broken: string[];
}

const whole = /\{\{\s*[\w.-]+\s*\}\}/g;
/** Two braces on one side, or single ones around a name */
const almost = /\{\{[^{}\n]{0,60}\}?|\{?[^{}\s]{0,60}\}\}|\{[\w.-]+\}/g;

/** @param known the fields that tickets have; null while that is not known */
export function placeholderProblems(body: string, known: readonly string[] | null): PlaceholderProblems {
  const broken = [...new Set(body.replace(whole, '\n').match(almost) ?? [])];
  if (known === null) return { unknown: [], broken };
  const unknown = unfilledIn(body).filter((name) => !known.includes(name));
  if (unknown.length === 0) return { unknown: [], broken };
  const index = new MiniSearch<{ id: string }>({ fields: ['id'] });
  index.addAll(known.map((id) => ({ id })));
  const meant = (name: string): string | null =>
    (index.search(name, { fuzzy: 0.35, prefix: true, combineWith: 'AND' })[0]?.id as string | undefined) ?? null;
  return { unknown: unknown.map((name) => ({ name, meant: meant(name) })), broken };
}

/** The text with a placeholder of another name in place of one. */
export const renamed = (body: string, from: string, to: string): string =>
  asText(fill(body, {}).map((piece) => ('name' in piece && piece.name === from ? { name: to, value: null } : piece)));
