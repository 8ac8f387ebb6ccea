/** What the strict level adds and only words give away: dates of birth, security codes, PINs; and IP addresses. */
import { isIPv6 } from 'node:net';
import { findBeside } from './beside-words.js';
import { isCalledOtherNumber } from './number-words.js';
import { standsAlone } from './digit-groups.js';
import type { Span } from './spans.js';

const birthWords = [
  ...[
    'date of birth',
    'birth date',
    'birthdate',
    'birthday',
    'born on',
    'born in',
    'born',
    'dob',
    'd.o.b',
    'geburtsdatum',
  ],
  ...['geboren am', 'geboren', 'geb. am', 'geb', 'geburtstag', 'date de naissance', 'né le', 'née le', 'né(e) le'],
  ...['fecha de nacimiento', 'nacido el', 'nacida el', 'nací el', 'data di nascita', 'nato il', 'nata il', 'nato a'],
  ...['data de nascimento', 'nascido em', 'nascida em', 'nasci em', 'nascimento', 'geboortedatum', 'geboren op'],
  ...[
    'data urodzenia',
    'urodzony',
    'urodzona',
    'urodziłem się',
    'urodziłam się',
    'ur',
    '生年月日',
    '誕生日',
    '出生日期',
  ],
  ...['生日', '出生', '생년월일', '생일', 'дата рождения', 'วันเกิด', 'doğum tarihi', 'födelsedatum', 'fødselsdato'],
];
const month = '\\p{L}{3,12}\\.?';
const birthBeside = {
  words: birthWords,
  value: new RegExp(
    [
      '\\d{4}[ ]?[-./年년][ ]?\\d{1,2}[ ]?[-./月월][ ]?\\d{1,2}[日일]?',
      '\\d{1,2}[ ]?[-./][ ]?\\d{1,2}[ ]?[-./][ ]?\\d{2,4}',
      `\\d{1,2}(?:st|nd|rd|th|er|º|\\.)?[ ](?:de[ ]|of[ ])?${month}(?:[ ]de)?,?[ ]\\d{4}`,
      '\\d{8}(?!\\d)',
    ].join('|'),
    'uy',
  ),
};
/** "born on March 3, 1985": the month comes first. */
const monthFirst =
  /(?:date of birth|birth ?date|born(?: on)?|dob|birthday)[^\d\n.!?;,]{0,12}?(?<value>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})/dg;

export function findBirthDates(text: string, lower: string): Span[] {
  const found = findBeside(text, lower, birthBeside, '<birthdate>');
  for (const match of lower.matchAll(monthFirst)) {
    const [start, end] = match.indices?.groups?.['value'] ?? [0, 0];
    found.push({ start, end, marker: '<birthdate>' });
  }
  return found;
}

const codeBeside = {
  words: [
    ...['cvv', 'cvc', 'cvv2', 'cvc2', 'cvn', 'csc', 'security code', 'card verification', 'prüfnummer', 'prüfziffer'],
    ...[
      'sicherheitscode',
      'kartenprüfnummer',
      'cryptogramme',
      'code de sécurité',
      'código de seguridad',
      'beveiligingscode',
    ],
    ...[
      'codice di sicurezza',
      'código de segurança',
      'kod cvv',
      'kod zabezpieczający',
      'セキュリティコード',
      '安全码',
      '安全碼',
      '验证码',
    ],
    ...['보안코드', '보안 코드', 'pin', 'pin code', 'pin-code', 'pincode', 'pin-nummer', 'geheimzahl', 'geheimnummer'],
    ...[
      'code secret',
      'code pin',
      'clave',
      'codice pin',
      'código pin',
      'senha do cartão',
      'senha',
      'kod pin',
      '暗証番号',
      '密码',
      '비밀번호',
    ],
    ...['otp', 'one-time code', 'tan', 'verification code', 'einmalcode', 'puk'],
  ],
  value: /\d(?:[ ]?\d){2,7}/y,
};

/** Security codes, PINs and one-time codes: three to eight digits after their word. */
export function findSecretCodes(text: string, lower: string): Span[] {
  return findBeside(text, lower, codeBeside, '<code>').filter(
    ({ start }) => !/\b(?:ending|endend|letzte|last|finit|termina)/.test(lower.slice(Math.max(0, start - 16), start)),
  );
}

const ip = /\d{1,3}(?:\.\d{1,3}){3}|(?<![0-9a-f:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}/g;
const versionBefore = /(?:version|build|release|firmware|ver|v)[\s.:]{0,2}$/;

export function findIpAddresses(text: string, lower: string): Span[] {
  const found: Span[] = [];
  for (const { index: start, 0: written } of lower.matchAll(ip)) {
    const end = start + written.length;
    const isIp = written.includes(':') ? isIPv6(written) : written.split('.').every((part) => Number(part) <= 255);
    if (!isIp || !standsAlone(text, start, end) || /^\.\d/.test(text.slice(end, end + 2))) continue;
    if (versionBefore.test(lower.slice(Math.max(0, start - 12), start)) || written === '::') continue;
    if (!written.includes(':') && isCalledOtherNumber(lower, start)) continue;
    found.push({ start, end, marker: '<ip>' });
  }
  return found;
}
