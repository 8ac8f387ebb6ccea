/**
 * National numbering plans, from the metadata of libphonenumber-js. Its own parser takes 20 to 160 µs per number, which a text
 * full of digits multiplies to seconds; a compiled pattern takes less than 1 µs.
 */
import { getCountries, getCountryCallingCode, Metadata, type CountryCode } from 'libphonenumber-js/max';

export type { CountryCode };

/** The part of the library's numbering plan that its types leave out. */
interface LibraryPlan {
  possibleLengths: () => number[];
  type: (name: string) => { pattern: () => string | undefined } | undefined;
}

const types = [
  ...['FIXED_LINE', 'MOBILE', 'TOLL_FREE', 'PREMIUM_RATE', 'SHARED_COST', 'VOIP', 'PERSONAL_NUMBER', 'PAGER', 'UAN'],
  'VOICEMAIL',
];

interface Plan {
  /** Sources of patterns, without anchors */
  any: string;
  mobile: string;
  possibleLengths: readonly number[];
}

const read = new Map<CountryCode, Plan>();

function plan(country: CountryCode): Plan {
  let known = read.get(country);
  if (!known) read.set(country, (known = readPlan(country)));
  return known;
}

function readPlan(country: CountryCode): Plan {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const library = metadata.numberingPlan as unknown as LibraryPlan;
  const patternOf = (name: string): string => library.type(name)?.pattern() ?? '';
  return {
    any: types.map(patternOf).filter(Boolean).join('|') || '(?!)',
    // Where mobile and fixed-line numbers look alike, the plan has no numbers for mobiles alone.
    mobile: patternOf('MOBILE') || patternOf('FIXED_LINE') || '(?!)',
    possibleLengths: library.possibleLengths(),
  };
}

/** Calling code to its countries */
const countriesOfCode = new Map<string, CountryCode[]>();
const countriesKnown = new Set(getCountries());
for (const country of countriesKnown) {
  const code = getCountryCallingCode(country);
  countriesOfCode.set(code, [...(countriesOfCode.get(code) ?? []), country]);
}
/** Digits written before a national number at home; not part of it */
const trunkPrefixes: Readonly<Partial<Record<CountryCode, string>>> = { US: '1', CA: '1', RU: '8', KZ: '8', HU: '06' };
const trunkPrefix = (country: CountryCode): string => trunkPrefixes[country] ?? '0';

/** Countries whose mobile numbers are written without a trunk prefix also at home */
const withoutTrunkPrefix = new Set<CountryCode>([
  ...(['ES', 'IT', 'PL', 'PT', 'IN', 'US', 'CA', 'CN', 'BR', 'MX', 'NO', 'DK', 'CZ', 'SK', 'GR', 'TR'] as const),
  ...(['AE', 'SA', 'HK', 'TW', 'AR', 'RU', 'UA', 'VN'] as const),
]);

export const startsWithCallingCode = (digits: string): boolean =>
  [1, 2, 3].some((length) => countriesOfCode.has(digits.slice(0, length)));

const international = new Map<string, RegExp>();
const shortestInternational = 7;

/**
 * @param digits calling code and national number, also with a trunk prefix between them
 * @returns `valid`: assigned in the plan; `possible`: only its length is; null: neither
 */
export function checkInternational(digits: string): 'valid' | 'possible' | null {
  for (let length = 1; length <= 3; length += 1) {
    const code = digits.slice(0, length);
    const countries = countriesOfCode.get(code);
    if (!countries) continue;
    let pattern = international.get(code);
    if (!pattern) international.set(code, (pattern = patternOf(countries, 'any')));
    const national = digits.slice(length);
    if (pattern.test(national)) return 'valid';
    const isPossible = countries.some((country) => plan(country).possibleLengths.includes(national.length));
    return isPossible && national.length >= shortestInternational ? 'possible' : null;
  }
  return null;
}

/** The numbers of some countries as they are written at home */
export interface NationalPlans {
  any: RegExp;
  /** Mobile numbers where these are written without a trunk prefix */
  mobile: RegExp;
  /** Numbers of digits, trunk prefixes included */
  lengths: ReadonlySet<number>;
}

const national = new Map<string, NationalPlans>();

export function nationalPlans(countries: readonly CountryCode[]): NationalPlans {
  const key = countries.join();
  let known = national.get(key);
  if (!known) {
    const ours = countries.filter((country) => countriesKnown.has(country));
    known = {
      any: patternOf(ours, 'any'),
      mobile: patternOf(
        ours.filter((country) => withoutTrunkPrefix.has(country)),
        'mobile',
      ),
      lengths: new Set(
        ours.flatMap((country) =>
          plan(country).possibleLengths.flatMap((length) => [length, length + trunkPrefix(country).length]),
        ),
      ),
    };
    national.set(key, known);
  }
  return known;
}

function patternOf(countries: readonly CountryCode[], kind: 'any' | 'mobile'): RegExp {
  const forms = countries.map((country) => `(?:${trunkPrefix(country)})?(?:${plan(country)[kind]})`);
  return new RegExp(`^(?:${forms.join('|') || '(?!)'})$`);
}
