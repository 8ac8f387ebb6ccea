/**
 * National ids of persons. One that is written in a form of its own, or whose check digits leave little to chance, is found
 * anywhere; one of plain digits only after a word that names it.
 */
import validator from 'validator';
import { standsAlone } from './digit-groups.js';
import { findBeside } from './beside-words.js';
import { isCalledOtherNumber, isCalledOtherNumberAfter } from './number-words.js';
import type { Span } from './spans.js';

interface IdForm {
  pattern: RegExp;
  /** @param compact without spaces, dots and hyphens, in capitals */
  isValid: (compact: string, written: string) => boolean;
}

const anywhere: readonly IdForm[] = [
  // United States: social security number
  { pattern: /\d{3}-\d{2}-\d{4}/g, isValid: (id) => !/^(?:000|666|9)|^...00|0000$/.test(id) },
  // United Kingdom: national insurance number
  {
    pattern: /[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]/g,
    isValid: (id) => !/^(?:BG|GB|NK|KN|TN|NT|ZZ)/.test(id),
  },
  // Spain: DNI and NIE
  { pattern: /[XYZxyz][ .-]?\d{7}[ -]?[A-Za-z]/g, isValid: (id) => validator.isIdentityCard(id, 'ES') },
  { pattern: /\d{2}\.?\d{3}\.?\d{3}[ -]?[A-Za-z]/g, isValid: (id) => validator.isIdentityCard(id, 'ES') },
  // Italy: codice fiscale
  {
    pattern: /[A-Za-z]{6} ?\d{2}[A-Za-z]\d{2} ?[A-Za-z]\d{3}[A-Za-z]/g,
    isValid: (id) => validator.isTaxID(id, 'it-IT'),
  },
  // France: numéro de sécurité sociale
  { pattern: /[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}/g, isValid: isFrenchNumber },
  // Poland: PESEL
  { pattern: /\d{11}/g, isValid: (id) => validator.isIdentityCard(id, 'PL') && hasPolishDate(id) },
  // Brazil: CPF
  { pattern: /\d{3}\.\d{3}\.\d{3}-\d{2}/g, isValid: (id) => validator.isTaxID(id, 'pt-BR') },
  // China: resident identity card
  { pattern: /\d{17}[\dXx]/g, isValid: (id) => validator.isIdentityCard(id, 'zh-CN') },
  // Sweden: personnummer
  {
    pattern: /(?:\d{2})?\d{6}[-+]\d{4}/g,
    isValid: (id) => validator.isLuhnNumber(id.slice(-10)) && hasDate(id.slice(-10)),
  },
  // Finland: henkilötunnus
  { pattern: /\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]/g, isValid: (_, written) => validator.isIdentityCard(written, 'FI') },
  // Switzerland: AHV number
  { pattern: /756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}/g, isValid: (id) => validator.isEAN(id) },
  // Belgium: rijksregisternummer
  { pattern: /\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}/g, isValid: isBelgianNumber },
  // South Korea: resident registration number
  { pattern: /\d{6}-[1-8]\d{6}/g, isValid: (id) => hasDate(id) },
  // India: Aadhaar
  {
    pattern: /[2-9]\d{3} \d{4} \d{4}/g,
    isValid: (id) => !/^(?:20\d\d){3}$/.test(id) && validator.isIdentityCard(id, 'IN'),
  },
];

const idWords = [
  ...[
    'social security',
    'ssn',
    'national insurance',
    'ni number',
    'passport',
    'national id',
    'id card',
    'identity card',
  ],
  ...[
    'tax id',
    'tax number',
    'tin',
    'driving licence',
    "driver's license",
    'aadhaar',
    'aadhar',
    'pan card',
    'pan number',
  ],
  ...[
    'steuer-id',
    'steueridentifikationsnummer',
    'steuernummer',
    'idnr',
    'personalausweis',
    'ausweisnummer',
    'reisepass',
  ],
  ...['sozialversicherungsnummer', 'ahv', 'svnr', 'sécurité sociale', "carte d'identité", 'passeport', 'numéro fiscal'],
  ...['dni', 'nie', 'nif', 'pasaporte', 'seguridad social', 'curp', 'codice fiscale', "carta d'identità", 'passaporto'],
  ...['número de contribuinte', 'contribuinte', 'cartão de cidadão', 'cpf', 'rg', 'passaporte', 'bsn', 'paspoort'],
  ...[
    'burgerservicenummer',
    'identiteitskaart',
    'pesel',
    'dowód osobisty',
    'dowodu',
    'paszport',
    'nip',
    'personnummer',
  ],
  ...[
    'cpr',
    'fødselsnummer',
    'tc kimlik',
    'マイナンバー',
    '個人番号',
    '旅券',
    'パスポート番号',
    '身份证',
    '身分證',
    '护照',
    '護照',
  ],
  ...['주민등록번호', '여권', 'บัตรประชาชน'],
];
/** An id of letters and digits: at least six characters, half of them digits. */
const idBeside = {
  words: idWords,
  hasLetters: true,
  value: /(?=[A-Za-z]{0,6}\d)[A-Za-z0-9](?:[ .-]?[A-Za-z0-9]){5,17}(?<=\d[A-Za-z]?)(?![A-Za-z]{2})/y,
};

export function findNationalIds(text: string, lower: string): Span[] {
  const beside = findBeside(text, lower, idBeside, '<id>');
  const alone = anywhere.flatMap(({ pattern, isValid }) =>
    [...text.matchAll(pattern)].flatMap(({ index: start, 0: written }) => {
      const end = start + written.length;
      if (!standsAlone(text, start, end) || isPartOfNumber(text, start, end)) return [];
      const compact = written.replaceAll(/[ .-]/g, '').toUpperCase();
      if (
        !isValid(compact, written.toUpperCase()) ||
        isCalledOtherNumber(lower, start) ||
        isCalledOtherNumberAfter(lower, end)
      )
        return [];
      return [{ start, end, marker: '<id>' as const }];
    }),
  );
  return [...beside, ...alone];
}

/** More digits follow or come before, after a separator. */
const isPartOfNumber = (text: string, start: number, end: number): boolean =>
  /\d[ .-]$/.test(text.slice(Math.max(0, start - 2), start)) || /^[ .-]\d/.test(text.slice(end, end + 2));

function isFrenchNumber(id: string): boolean {
  const month = Number(id.slice(3, 5));
  if (!((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)) return false;
  const number = Number(id.slice(0, 13).replace('2A', '19').replace('2B', '18'));
  return 97 - (number % 97) === Number(id.slice(13));
}

function isBelgianNumber(id: string): boolean {
  const [number, check] = [id.slice(0, 9), Number(id.slice(9))];
  return [number, `2${number}`].some((digits) => 97 - (Number(digits) % 97) === check);
}

/** YYMMDD */
const hasDate = (id: string): boolean => isMonth(Number(id.slice(2, 4))) && isDay(Number(id.slice(4, 6)) % 60);
/** The century is added to the month, in twenties. */
const hasPolishDate = (id: string): boolean => isMonth(Number(id.slice(2, 4)) % 20) && isDay(Number(id.slice(4, 6)));
const isMonth = (month: number): boolean => month >= 1 && month <= 12;
const isDay = (day: number): boolean => day >= 1 && day <= 31;
