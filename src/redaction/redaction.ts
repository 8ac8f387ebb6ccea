/**
 * Redacts personal data and secrets in texts before anything is stored. Each match is replaced by a marker of its kind.
 *
 * Invariants: a text without matches is returned unchanged, the words around a match stay as they were written, and the work
 * grows with the length of the text, whatever the text. A number that is written like a telephone number is redacted when in
 * doubt; order numbers, amounts and dates are kept.
 *
 * The matchers read the text in its readable form (readable-text.ts), one kind after another; what one of them finds is hidden
 * from the next.
 */
import { findAccounts, findIbans } from './accounts.js';
import { findAddresses } from './addresses.js';
import { findCards } from './cards.js';
import { DigitGroups } from './digit-groups.js';
import { findEmails } from './emails.js';
import { findNames } from './names.js';
import { findNationalIds } from './national-ids.js';
import { findBirthDates, findIpAddresses, findSecretCodes } from './personal-details.js';
import { findPhones, likelyCountries } from './phone-numbers.js';
import { readableText, type ReadableText } from './readable-text.js';
import { findAll, markers, withBarriers, withoutOverlap, type Span } from './spans.js';
import { findTokens } from './tokens.js';

/**
 * `standard`: e-mail addresses, telephone numbers, cards, bank accounts, access tokens; `strict`: also national ids, dates of
 * birth, postal addresses, names that a text introduces, security codes and PINs, IP addresses.
 */
export type RedactionLevel = 'standard' | 'strict';

/** Where a ticket is likely from */
export interface RedactionHints {
  /** BCP 47 */
  language: string | null;
  /** ISO 3166, two letters, from a field of the ticket */
  country: string | null;
}

/** The hints of a ticket: its language, and the field named `country`. */
export function redactionHints({ language, fields }: { language: string | null; fields: object }): RedactionHints {
  const country: unknown = Object.entries(fields).find(([name]) => /(^|\.)country$/i.test(name))?.[1];
  return { language, country: typeof country === 'string' ? country : null };
}

/** A marker may create a match with the text around it, so redaction is repeated, nearly always once. */
const maxRounds = 4;

/**
 * Redacts a text.
 *
 * @returns the text with markers such as `<email>` in place of the matches
 */
export function redact(text: string, hints: RedactionHints, level: RedactionLevel = 'standard'): string {
  let redacted = text;
  for (let round = 0; round < maxRounds; round += 1) {
    const next = replaceSpans(redacted, findPersonalData(redacted, hints, level));
    if (next === redacted) break;
    redacted = next;
  }
  return redacted;
}

/** What is found so far in a text, hidden from the matchers that follow. */
class Redacting {
  readonly found: Span[] = [];
  text: string;
  lower: string;
  private grouped: DigitGroups | null = null;

  constructor(readable: ReadableText) {
    ({ text: this.text, lower: this.lower } = readable);
    if (this.text.includes('<')) this.hide(findAll(this.text, markers, '<token>'));
  }

  /** The digits of the text as it is now */
  get groups(): DigitGroups {
    return (this.grouped ??= new DigitGroups(this.text));
  }

  take(find: (text: string, lower: string) => Span[]): void {
    const spans = withoutOverlap(find(this.text, this.lower));
    this.hide(spans);
    this.found.push(...spans);
  }

  private hide(spans: readonly Span[]): void {
    if (spans.length === 0) return;
    this.grouped = null;
    this.text = withBarriers(this.text, spans);
    this.lower = withBarriers(this.lower, spans);
  }
}

/** What a text has of personal data, in order, without overlap. */
export function findPersonalData(original: string, hints: RedactionHints, level: RedactionLevel): Span[] {
  const countries = likelyCountries(hints.country, hints.language);
  const readable = readableText(original);
  const redacting = new Redacting(readable);
  const isStrict = level === 'strict';
  redacting.take(findTokens);
  redacting.take(findEmails);
  if (/\d/.test(readable.text)) {
    for (const find of isStrict ? [findSecretCodes, findIpAddresses, findBirthDates] : []) redacting.take(find);
    redacting.take(findIbans);
    redacting.take((text) => findCards(text, redacting.groups));
    if (isStrict) redacting.take(findNationalIds);
    redacting.take(findAccounts);
    redacting.take((text, lower) => findPhones(text, lower, redacting.groups, countries));
  }
  for (const find of isStrict ? [findNames, findAddresses] : []) redacting.take(find);
  const spans = redacting.found.map((span) => ({ ...span, ...readable.original(span.start, span.end) }));
  return withoutOverlap(spans);
}

function replaceSpans(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const parts: string[] = [];
  let done = 0;
  for (const { start, end, marker } of spans) {
    // An entity or a ligature may be shared by two matches.
    if (start < done) continue;
    parts.push(text.slice(done, start), marker);
    done = end;
  }
  return parts.join('') + text.slice(done);
}
