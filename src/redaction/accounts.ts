/** Bank accounts: IBANs, and national account numbers beside their words. */
import validator from 'validator';
import { isWordCharacter } from './characters.js';
import { findBeside } from './beside-words.js';
import type { Span } from './spans.js';

/** Length of an IBAN by country, from the registry of SWIFT */
const ibanLengths = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 ' +
    'LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 MZ25 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 ' +
    'RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry): [string, number] => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const ibanStart = /[A-Za-z]{2}\d{2}/g;
/** Between two characters of an IBAN */
const maxSeparators = 2;
const maxIbanLength = 34;

export function findIbans(text: string): Span[] {
  const found: Span[] = [];
  const codes = new Uint8Array(maxIbanLength);
  let done = 0;
  for (const { index } of text.matchAll(ibanStart)) {
    if (index < done || isWordCharacter(text, index - 1)) continue;
    const end = ibanEnd(text, index, codes);
    if (end === null) continue;
    found.push({ start: index, end, marker: '<iban>' });
    done = end;
  }
  return found;
}

/** @param codes room for the letters and digits, which a text of many beginnings would otherwise allocate again and again */
function ibanEnd(text: string, start: number, codes: Uint8Array): number | null {
  const length = ibanLengths.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return null;
  let filled = 0;
  let separators = 0;
  let at = start;
  for (; filled < length && separators <= maxSeparators; at += 1) {
    const code = text.charCodeAt(at);
    if (isAsciiLetterOrDigit(code)) {
      codes[filled] = code;
      filled += 1;
      separators = 0;
    } else if (' -./'.includes(text.charAt(at)) && at < text.length) separators += 1;
    else return null;
  }
  if (filled < length || isWordCharacter(text, at) || !hasCheckDigits(codes.subarray(0, length))) return null;
  return validator.isIBAN(String.fromCharCode(...codes.subarray(0, length)).toUpperCase()) ? at : null;
}

const isAsciiLetterOrDigit = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** ISO 7064 mod 97-10: rejects nearly all that is no IBAN before its structure is looked at. */
function hasCheckDigits(codes: Uint8Array): boolean {
  let rest = 0;
  for (let place = 0; place < codes.length; place += 1) {
    const code = codes[(place + 4) % codes.length]!;
    // Letters count from 10.
    const value = code <= 57 ? code - 48 : (code & 0x1f) + 9;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const accountWords = [
  ...[
    'account number',
    'account no',
    'acct',
    'a/c no',
    'a/c',
    'bank account',
    'sort code',
    'routing number',
    'aba number',
  ],
  ...['kontonummer', 'konto-nr', 'kontonr', 'bankleitzahl', 'blz', 'bankkonto', 'numéro de compte', 'compte bancaire'],
  ...['code guichet', 'rib', 'número de cuenta', 'cuenta bancaria', 'clabe', 'numero di conto', 'conto corrente'],
  ...['número da conta', 'conta bancária', 'conta corrente', 'nib', 'rekeningnummer', 'bankrekening', 'numer konta'],
  ...[
    'nr konta',
    'rachunku',
    '口座番号',
    '银行账号',
    '银行帐号',
    '銀行帳號',
    '银行卡号',
    '账号',
    '계좌번호',
    '계좌',
    'เลขบัญชี',
  ],
];

/** Account numbers, sort codes and routing numbers after their words: six to 26 digits. */
export const findAccounts = (text: string, lower: string): Span[] =>
  findBeside(text, lower, accountBeside, '<account>');

const accountBeside = { words: accountWords, value: /\d(?:[ -]?\d){5,25}/y };
