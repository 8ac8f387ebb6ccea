/**
 * Redacts personal data and secrets in texts before anything is stored. Each match is replaced by a marker of its kind.
 *
 * Invariants: redaction is idempotent, and a text without matches is returned unchanged. A number that is written like a
 * telephone number is redacted when in doubt; order numbers, amounts and dates are kept.
 */
import validator from 'validator';
import { likelyCountries, redactPhones, type CountryCode } from './phone-numbers.js';

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

const privateKey = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g;

/** Keys in the formats of well-known services, and tokens with a recognizable prefix */
const knownToken = new RegExp(
  [
    'eyJ[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]*)?', // JSON Web Token
    '[spr]k_(?:live|test)_\\w{10,}', // Stripe
    'gh[pousr]_\\w{20,}|github_pat_\\w{20,}', // GitHub
    'glpat-[\\w-]{16,}', // GitLab
    '(?:AKIA|ASIA)[A-Z0-9]{16}', // AWS
    'xox[abeoprs]-[\\w-]{10,}', // Slack
    'AIza[\\w-]{30,}|ya29\\.[\\w-]{20,}', // Google
    'sk-[\\w-]{20,}', // OpenAI, Anthropic
    'rr[sl]?_[\\w-]{43}', // Replyrank
    'npm_\\w{30,}|hf_\\w{30,}|SG\\.[\\w-]{16,}\\.[\\w-]{16,}', // npm, Hugging Face, SendGrid
  ]
    .map((form) => `(?:${form})`)
    .join('|')
    .replace(/^/, '(?<![\\w-])(?:')
    .replace(/$/, ')'),
  'g',
);
const bearer = /(?<=\b(?:bearer|basic)[ \t]{1,3})(?=[a-z._~+/-]{0,200}\d)[\w.~+/-]{16,}={0,2}/gi;

/**
 * `password=…`, `api_key: "…"`. After a colon the value needs a digit, because people also write "Password: forgotten".
 */
const secretName =
  '(?:password|passwd|passwort|kennwort|contrase(?:ñ|n)a|mot de passe|pwd|(?:api|access|secret|private)[_ -]?key|(?:access|auth|refresh|api)?[_ -]?token|(?:client[_ -]?)?secret)';
const assignment = new RegExp(
  `((?<![a-z])${secretName}["']?[ \\t]{0,3}(?:=[ \\t]{0,3}["']?(?=[^\\s"'<>]{4})|:[ \\t]{0,3}["']?(?=[^\\s"'<>]{0,200}\\d)(?=[^\\s"'<>]{6})))[^\\s"'<>]+`,
  'gi',
);

/** Characters of nearly all addresses, and rare ones, which also separate other text */
const [usual, rare] = ["\\p{L}\\p{N}._%+'-", '!#$&*/=?^`{|}~'];
const email = new RegExp(
  `(?:"[^"\\n@]{1,64}"|(?<![${usual}])[${usual}]+|(?<![${rare}${usual}])[${rare}${usual}]*[${rare}])` +
    '@(?:[\\p{L}\\p{N}][\\p{L}\\p{N}-]*\\.)+(?:xn--[a-z0-9-]+|\\p{L}{2,})',
  'gu',
);

const ibanStart = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=(?:[ \u00a0-]?[A-Za-z0-9]){11})/g;
const maxIbanLength = 34;

/** Groups of digits separated by single spaces, hyphens or dots: some consecutive groups may be a card number. */
const digitGroups = /(?<![\p{L}\p{N}])\d+(?:[ \u00a0.-]\d+)*(?![\p{L}\p{N}])/gu;
/** Card schemes by first digits and length; the Luhn check alone accepts one number in ten. */
const cardNumber = new RegExp(
  `^(?:${[
    '4(?:\\d{12}|\\d{15}|\\d{18})', // Visa
    '(?:5[1-5]|2[2-7])\\d{14}', // Mastercard
    '3[47]\\d{13}', // American Express
    '3(?:0|6|8|9)\\d{12,17}', // Diners Club
    '35\\d{14,17}', // JCB
    '(?:50|5[6-8]|6)\\d{11,17}', // Maestro, Discover, UnionPay, RuPay
  ].join('|')})$`,
);

/**
 * Redacts a text.
 *
 * @returns the text with `<email>`, `<phone>`, `<card>`, `<iban>`, `<token>` in place of the matches
 */
export function redact(text: string, hints: RedactionHints): string {
  const countries = likelyCountries(hints.country, hints.language);
  // A marker may create a new match with the text around it, so redaction is repeated until nothing changes, nearly always
  // once. Each round leaves fewer characters outside of markers, so it terminates.
  for (let before = text; ;) {
    const after = redactOnce(before, countries);
    if (after === before) return after;
    before = after;
  }
}

function redactOnce(text: string, countries: CountryCode[]): string {
  let result = text;
  if (result.includes('-----BEGIN')) result = result.replace(privateKey, '<token>');
  if (/\w{8}/.test(result)) result = result.replace(knownToken, '<token>').replace(bearer, '<token>');
  if (/[=:]/.test(result)) result = result.replace(assignment, '$1<token>');
  if (result.includes('@')) result = result.replace(email, '<email>');
  if (!/\d{2}/.test(result)) return result;
  return redactPhones(redactCards(redactIbans(result)), countries);
}

function redactIbans(text: string): string {
  return replaceMatches(text, ibanStart, (start) => {
    let compact = '';
    for (let end = start; end < text.length && compact.length < maxIbanLength; end += 1) {
      const character = text.charAt(end);
      if (/[A-Za-z0-9]/.test(character)) compact += character;
      else if (!/[ \u00a0-]/.test(character) || !/[A-Za-z0-9]/.test(text.charAt(end + 1))) return null;
      const ends = !/[A-Za-z0-9]/.test(text.charAt(end + 1));
      if (ends && compact.length >= 15 && validator.isIBAN(compact.toUpperCase()))
        return { end: end + 1, marker: '<iban>' };
    }
    return null;
  });
}

function redactCards(text: string): string {
  return text.replace(digitGroups, (run) => {
    if (run.length < 13) return run;
    // Odd indices are the separators.
    const parts = run.split(/([ \u00a0.-])/);
    const kept: string[] = [];
    for (let start = 0; start < parts.length; start += 2) {
      const end = findCardEnd(parts, start);
      kept.push(end === null ? (parts[start] ?? '') : '<card>', parts[end ?? start + 1] ?? '');
      if (end !== null) start = end - 1;
    }
    return kept.join('');
  });
}

/** @returns the index after the last group of a card number that starts with the group at `start`, or null */
function findCardEnd(parts: string[], start: number): number | null {
  let digits = '';
  let found: number | null = null;
  for (let place = start; place < parts.length && digits.length < 19; place += 2) {
    digits += parts[place] ?? '';
    if (digits.length >= 13 && digits.length <= 19 && isCard(digits)) found = place + 1;
  }
  return found;
}

function isCard(digits: string): boolean {
  return (
    validator.isLuhnNumber(digits) &&
    (cardNumber.test(digits) || validator.isCreditCard(digits)) &&
    !/^(\d)\1+$/.test(digits)
  );
}

/** Replaces what `find` recognizes where `start` matches, from left to right. */
function replaceMatches(
  text: string,
  start: RegExp,
  find: (from: number) => { end: number; marker: string } | null,
): string {
  const kept: string[] = [];
  let done = 0;
  for (const { index } of text.matchAll(start)) {
    const found = index < done ? null : find(index);
    if (!found) continue;
    kept.push(text.slice(done, index), found.marker);
    done = found.end;
  }
  return kept.length === 0 ? text : kept.join('') + text.slice(done);
}
