import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';

export type { CountryCode };

/**
 * Likely countries of national telephone numbers in a text of a language. International numbers do not need this.
 */
const countriesOfLanguage: Record<string, CountryCode[]> = {
  en: ['GB', 'US'],
  de: ['DE', 'AT', 'CH'],
  fr: ['FR', 'BE', 'CH'],
  es: ['ES', 'MX', 'AR'],
  it: ['IT', 'CH'],
  nl: ['NL', 'BE'],
  pt: ['PT', 'BR'],
  pl: ['PL'],
  cs: ['CZ'],
  sv: ['SE'],
  da: ['DK'],
  no: ['NO'],
  nb: ['NO'],
  fi: ['FI'],
  tr: ['TR'],
  ja: ['JP'],
  ko: ['KR'],
  zh: ['CN', 'TW'],
  hi: ['IN'],
};

/**
 * Countries of a ticket's national telephone numbers, most likely first.
 *
 * @param country ISO 3166 code of two letters
 * @param language BCP 47 tag
 */
export function likelyCountries(country: string | null, language: string | null): CountryCode[] {
  const own = country !== null && /^[A-Za-z]{2}$/.test(country) ? [country.toUpperCase() as CountryCode] : [];
  const region = /^[a-z]{2,3}[-_]([A-Za-z]{2})$/.exec(language ?? '')?.[1];
  const regional = region ? [region.toUpperCase() as CountryCode] : [];
  const spoken = countriesOfLanguage[language?.slice(0, 2).toLowerCase() ?? ''] ?? (own.length > 0 ? [] : ['GB', 'US']);
  return [...new Set([...own, ...regional, ...spoken])];
}

/** Digits and their separators, within a line */
const candidate =
  /(?<![\p{L}\p{N}])(?:\+|\()?[\d(](?:[\d \t\u00a0\u202f()./\u2010-\u2013-]{5,200})\d(?![\p{L}\p{N}])/gu;
/** A group of digits with its prefix: where a number may start and end */
const group = /[+(]{0,2}\d+\)?/g;
const phoneWordBefore =
  /(?<!\p{L})(?:tel|phone|fon|mobile|mobil|cell|handy|call|ring|whatsapp|sms|fax|anruf|ruf|appel|llam)[\p{L}.]*[^\p{L}\d]{0,4}(?:\p{L}+[^\p{L}\d]{1,3}){0,3}$/iu;
const numberWordBefore =
  /(?:(?<!\p{L})(?:order|bestell|invoice|rechnung|ticket|case|reference|receipt|transaction|account|konto|customer|kunden|tracking|parcel|policy|contract|vertrag|serial|version)[\p{L}-]*|(?<!\p{L})(?:ref|sku|iban|no|nr|id)|[#№$€£¥₹])[.:#\s№]{0,4}(?:(?:number|nummer|no|nr|id|is|was|of|ist)[.:#\s]{1,3}){0,2}$/iu;
const moneyAfter = /^\s?(?:[$€£¥₹%]|(?:eur|usd|gbp|chf|euros?|dollars?|pounds?|francs?|kr|zł)\b|[.,]\d)/i;
const datePattern = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?:[ \t]|$)/;

/** Limits the parsing of a text full of digits, which could take minutes. */
const maxAttempts = 20_000;

/** Replaces telephone numbers by `<phone>`: international ones, and national ones of the given countries. */
export function redactPhones(text: string, countries: CountryCode[]): string {
  let tries = maxAttempts;
  return text.replace(candidate, (run, at: number) => {
    const groups = [...run.matchAll(group)].map(({ 0: digits, index }) => ({ from: index, to: index + digits.length }));
    const kept: string[] = [];
    let done = 0;
    for (let first = 0; first < groups.length; first += 1) {
      const from = groups[first]?.from ?? 0;
      if (from < done) continue;
      for (let last = Math.min(groups.length, first + 8) - 1; last >= first; last -= 1) {
        const to = groups[last]?.to ?? 0;
        const written = run.slice(from, to);
        const digits = written.replace(/\D/g, '').length;
        if (digits < 7 || digits > 17) continue;
        const before = text.slice(Math.max(0, at + from - 40), at + from);
        const after = text.slice(at + to, at + to + 10);
        if (!couldBePhone(written, before, after)) continue;
        tries -= 1;
        if (tries >= 0 && !isPhone(written, countries)) continue;
        kept.push(run.slice(done, from), '<phone>');
        done = to;
        break;
      }
    }
    return kept.length === 0 ? run : kept.join('') + run.slice(done);
  });
}

/** A number with a plus or two zeros is a telephone number; any other has to look like one. */
function couldBePhone(written: string, before: string, after: string): boolean {
  if (/^\(?(?:\+|00)/.test(written)) return true;
  if (datePattern.test(written) || moneyAfter.test(after)) return false;
  if (phoneWordBefore.test(before)) return true;
  if (numberWordBefore.test(before)) return false;
  // Plain digits are usually an order number, unless they start with a trunk prefix zero.
  return /^\(?0/.test(written) || /^\(\d{2,5}\)/.test(written) || /^\d{3}[-. ]\d{3}[-. ]\d{4}$/.test(written);
}

function isPhone(written: string, countries: CountryCode[]): boolean {
  const international = written.replace(/^\(?00/, '+');
  if (international.startsWith('+') || written.startsWith('(+')) {
    return parsePhoneNumberFromString(international)?.isValid() ?? false;
  }
  return countries.some((country) => parsePhoneNumberFromString(written, country)?.isValid() ?? false);
}
