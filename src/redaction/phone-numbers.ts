import { isWordCharacter } from './characters.js';
import type { DigitGroups } from './digit-groups.js';
import { isAmount, isCalledOtherNumber, isCalledOtherNumberAfter, isCalledPhone } from './number-words.js';
import {
  checkInternational,
  nationalPlans,
  startsWithCallingCode,
  type CountryCode,
  type NationalPlans,
} from './phone-plans.js';
import type { Span } from './spans.js';

export type { CountryCode };

/**
 * Likely countries of national telephone numbers in a text of a language. International numbers do not need this.
 */
const countriesOfLanguage: Record<string, CountryCode[]> = {
  en: ['GB', 'US', 'IN'],
  de: ['DE', 'AT', 'CH'],
  fr: ['FR', 'BE', 'CH'],
  es: ['ES', 'MX', 'AR'],
  it: ['IT', 'CH'],
  nl: ['NL', 'BE'],
  pt: ['PT', 'BR'],
  pl: ['PL'],
  cs: ['CZ'],
  sk: ['SK'],
  hu: ['HU'],
  ro: ['RO'],
  bg: ['BG'],
  el: ['GR'],
  sv: ['SE'],
  da: ['DK'],
  no: ['NO'],
  nb: ['NO'],
  fi: ['FI'],
  tr: ['TR'],
  ru: ['RU', 'KZ'],
  uk: ['UA'],
  ar: ['SA', 'AE', 'EG'],
  fa: ['IR'],
  he: ['IL'],
  th: ['TH'],
  vi: ['VN'],
  id: ['ID'],
  ja: ['JP'],
  ko: ['KR'],
  zh: ['CN', 'TW', 'HK'],
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

const [minDigits, maxDigits, maxGroups] = [7, 17, 8];
/** Digits are written one by one in lists of numbers, not in telephone numbers. */
const maxSingleDigits = 3;
/** An area code in brackets, with its closing one */
const maxAreaCode = 7;
const minDigitsBefore = 4;
const date = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?: |$)/;
const years = /^(?:(?:19|20)\d\d[ ./-]*){2,}$/;
const ipAddress = /^(?:\d{1,3}\.){3}\d{1,3}$/;
/** 123-456-7890 and the like */
const northAmerican = /^\d{3}[-. ]\d{3}[-. ]\d{4}$/;

/** Telephone numbers: international ones, and national ones of the given countries. */
export function findPhones(
  text: string,
  lower: string,
  groups: DigitGroups,
  countries: readonly CountryCode[],
): Span[] {
  const finder = new PhoneFinder(text, lower, groups, nationalPlans(countries));
  const found: Span[] = [];
  for (let first = 0; first < groups.count; first += 1) {
    const last = finder.findLast(first);
    if (last === -1) continue;
    found.push({ start: finder.startOf(first), end: groups.ends[last]!, marker: '<phone>' });
    first = last;
  }
  return found;
}

class PhoneFinder {
  constructor(
    private readonly text: string,
    private readonly lower: string,
    private readonly groups: DigitGroups,
    private readonly plans: NationalPlans,
  ) {}

  /** A plus and an opening bracket belong to the number after them. */
  startOf(first: number): number {
    const at = this.groups.starts[first]!;
    let start = at;
    // A bracket that closes after the number is around it, not in it.
    const hasBracket = this.text.slice(at, at + maxAreaCode).includes(')');
    const prefix = hasBracket ? '+(' : '+';
    while (at - start < 2 && prefix.includes(this.text.charAt(start - 1) || ' ')) start -= 1;
    return start;
  }

  /** @returns the last group of the longest telephone number that starts with the group `first`; -1 without one */
  findLast(first: number): number {
    const { groups } = this;
    const lasts = this.possibleLasts(first);
    if (lasts.length === 0) return -1;
    const start = this.startOf(first);
    if (isWordCharacter(this.text, start - 1)) return -1;
    const isPlus = this.text.slice(start, groups.starts[first]).includes('+');
    if (isPlus || groups.digits.startsWith('00', groups.digitsBefore[first])) {
      return this.findInternational(start, first, lasts, isPlus);
    }
    // Digits before these are not the words that would name the number. Few of them are the beginning of another number.
    const isStart = first === 0 || !groups.continues(first - 1);
    if (!isStart && groups.digitCount(first - 1, first - 1) < minDigitsBefore) return -1;
    return lasts.findLast((last) => this.isNational(first, last, start, isStart)) ?? -1;
  }

  /** The groups that a number which starts with `first` may end with, by its digits and groups. */
  private possibleLasts(first: number): number[] {
    const { groups } = this;
    const lasts: number[] = [];
    for (let last = first; last < first + maxGroups; last += 1) {
      const digits = groups.digitCount(first, last);
      if (digits > maxDigits || groups.singleCount(first, last) > maxSingleDigits) break;
      if (digits >= minDigits && !isWordCharacter(this.text, groups.ends[last]!)) lasts.push(last);
      if (!groups.continues(last)) break;
    }
    return lasts;
  }

  private findInternational(start: number, first: number, lasts: readonly number[], isPlus: boolean): number {
    const { groups, text } = this;
    const code = groups.digitsBefore[first]! + (isPlus ? 0 : 2);
    if (!startsWithCallingCode(groups.digits.slice(code, code + 3))) return -1;
    const check = (last: number): ReturnType<typeof checkInternational> => {
      const written = text.slice(start, groups.ends[last]);
      // The trunk prefix may be there in brackets: +49 (0)30 901820.
      const digits = written.includes('(0)')
        ? written.replace('(0)', '').replaceAll(/\D/g, '')
        : groups.digitsOf(first, last);
      return checkInternational(isPlus ? digits : digits.slice(2));
    };
    const checks = lasts.map(check);
    const valid = checks.lastIndexOf('valid');
    // A plus is not written before other numbers: in doubt, the number is redacted.
    const found = valid !== -1 || !isPlus || lasts.length > 1 ? valid : checks.indexOf('possible');
    return lasts[found] ?? -1;
  }

  /** @param isStart words may come before the number, not digits */
  private isNational(first: number, last: number, start: number, isStart: boolean): boolean {
    const { groups, lower, plans } = this;
    if (!plans.lengths.has(groups.digitCount(first, last))) return false;
    const digits = groups.digitsOf(first, last);
    const hasTrunkPrefix = digits.startsWith('0') || this.text.charAt(start) === '(';
    const isMobile = !hasTrunkPrefix && plans.mobile.test(digits);
    if (!isMobile && !plans.any.test(digits)) return false;
    const end = groups.ends[last]!;
    const written = this.text.slice(start, end);
    if (date.test(written) || years.test(written) || ipAddress.test(written)) return false;
    const isEnd = !groups.continues(last);
    if (isEnd && isAmount(lower, end)) return false;
    if (isStart && isCalledPhone(lower, start)) return true;
    if (!hasTrunkPrefix && !isMobile && !northAmerican.test(written)) return false;
    return !(isStart && isCalledOtherNumber(lower, start)) && !(isEnd && isCalledOtherNumberAfter(lower, end));
  }
}
