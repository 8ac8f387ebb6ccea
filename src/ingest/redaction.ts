/**
 * Takes out of a text what must not be stored: access tokens, e-mail addresses, account, card and telephone numbers.
 * Each leaves a marker, so that a model still sees that something of the kind was there.
 * Checksums (Luhn, mod 97) and telephone rules come from libraries; every pattern is bounded, so no text takes more than
 * linear time.
 */
import { findPhoneNumbersInText, isSupportedCountry, type CountryCode } from 'libphonenumber-js';
import validator from 'validator';

const tokens: RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g,
  /\beyJ[\w-]{5,4000}\.[\w-]{5,8000}\.[\w-]{0,4000}/g,
  /\b(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,200}/g,
  /\bsk-[\w-]{20,200}/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,255}|npm_[A-Za-z0-9]{30,255})/g,
  /\bxox[abeoprs]-[\w-]{10,255}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bAIza[\w-]{35}/g,
  /\brr[sl]?_[\w-]{43}/g,
];
const bearer = /\b(bearer|basic)(\s{1,5})[\w.~+/-]{16,4000}={0,2}/gi;
/** A value with a digit in it, or a long one: "password: please" names none. */
const assignment =
  /\b(api[_ -]?key|access[_ -]?token|auth[_ -]?token|token|secret|password|passwd|pwd|passwort)(["']?\s{0,3}[:=]\s{0,3}["']?)(?=\S{0,63}\d|\S{16})[^\s"'<>]{6,512}/gi;
const email = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,24}/gu;
const ibanStart = /\b[A-Z]{2}\d{2}(?=[ \u00a0-]?[A-Z0-9])/gi;
const digitGroups = /\d(?:[ \u00a0.-]?\d){12,60}/g;
const mayHoldPhone = /\d(?:[^\p{L}\d\n]{0,3}\d){6}/u;

/** Default country of a national telephone number, by the ticket's language where it names no country. */
const countryOfLanguage: Record<string, CountryCode> = {
  cs: 'CZ', da: 'DK', de: 'DE', en: 'US', es: 'ES', fi: 'FI', fr: 'FR', it: 'IT', ja: 'JP', ko: 'KR', nb: 'NO', nl: 'NL',
  no: 'NO', pl: 'PL', pt: 'PT', ru: 'RU', sv: 'SE', tr: 'TR', uk: 'UA', zh: 'CN',
}; // prettier-ignore

export interface RedactionHints {
  language: string | null;
  /** ISO 3166 alpha-2, where a field of the ticket says so. */
  country: string | null;
}

/** The text without what must not be stored. Applying it twice changes nothing more. */
export function redact(text: string, hints: RedactionHints): string {
  let clean = text;
  for (const pattern of tokens) clean = clean.replace(pattern, '<token>');
  clean = clean.replace(bearer, '$1$2<token>').replace(assignment, '$1$2<token>').replace(email, '<email>');
  clean = withoutIbans(clean);
  clean = clean.replace(digitGroups, withoutCards);
  return withoutPhones(clean, hints);
}

function withoutIbans(text: string): string {
  let result = '';
  let from = 0;
  for (const start of text.matchAll(ibanStart)) {
    if (start.index < from) continue;
    const end = ibanEnd(text, start.index);
    if (end === null) continue;
    result += `${text.slice(from, start.index)}<iban>`;
    from = end;
  }
  return result + text.slice(from);
}

/** Where the IBAN that begins here ends; its length depends on its country, and words may follow without a mark. */
function ibanEnd(text: string, start: number): number | null {
  const [run = ''] = /^[A-Z0-9](?:[ \u00a0-]?[A-Z0-9]){14,45}/i.exec(text.slice(start, start + 80)) ?? [];
  for (let end = run.length; end >= 15; end -= 1) {
    if (!/[A-Za-z0-9]/.test(run[end - 1] ?? '') || /[A-Za-z0-9]/.test(text[start + end] ?? '')) continue;
    const compact = run
      .slice(0, end)
      .replace(/[ \u00a0-]/g, '')
      .toUpperCase();
    if (compact.length <= 34 && validator.isIBAN(compact)) return start + end;
  }
  return null;
}

/** Card numbers have 13 to 19 digits, stand in whole groups, and pass the Luhn check. A date or code may follow them. */
function withoutCards(run: string): string {
  const groups = [...run.matchAll(/\d+/g)].map((group) => ({ digits: group[0], start: group.index }));
  for (let first = 0; first < groups.length; first += 1) {
    let digits = '';
    for (let last = first; last < groups.length; last += 1) {
      const group = groups[last];
      digits += group?.digits ?? '';
      if (digits.length > 19) break;
      if (digits.length < 13 || !/^[2-6]/.test(digits) || !validator.isLuhnNumber(digits)) continue;
      const end = (group?.start ?? 0) + (group?.digits.length ?? 0);
      return `${run.slice(0, groups[first]?.start)}<card>${run.slice(end).replace(digitGroups, withoutCards)}`;
    }
  }
  return run;
}

function withoutPhones(text: string, { language, country }: RedactionHints): string {
  if (!mayHoldPhone.test(text)) return text;
  const named = country?.toUpperCase() ?? '';
  const byLanguage = countryOfLanguage[language?.slice(0, 2).toLowerCase() ?? 'en'];
  const defaultCountry = isSupportedCountry(named) ? named : byLanguage;
  let result = '';
  let from = 0;
  for (const { startsAt, endsAt } of findPhoneNumbersInText(text, { ...(defaultCountry && { defaultCountry }) })) {
    const found = text.slice(startsAt, endsAt);
    // A bare run of digits is an order number more often than a telephone number.
    if (/^[1-9]\d*$/.test(found)) continue;
    result += `${text.slice(from, startsAt)}<phone>`;
    from = endsAt;
  }
  return result + text.slice(from);
}
