import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPersonalData, redact } from '../../src/redaction/redaction.js';
import { kindsOfLevel, readRedactionExamples } from '../../bench/support/redaction-examples.js';

/** What must never be stored, and what must be left as it was written. */

const clean = (text: string, language: string | null = 'en', country: string | null = null): string =>
  redact(text, { language, country });

describe('taken out is', () => {
  const finds: [what: string, text: string, redacted: string, language?: string][] = [
    ['an e-mail address', "mail ada@example.com, bob.o'neil+x@sub.example.co.uk!", 'mail <email>, <email>!'],
    ['one with an umlaut', 'jürgen@müller.de', '<email>'],
    ['one with signs that few have', 'mail !#$@example.com or {ada}@example.com', 'mail <email> or <email>'],
    ['one in a link', 'https://shop.example/?user=ada@example.com', 'https://shop.example/?user=<email>'],
    ['an international telephone number', 'call +44 20 7946 0958 please', 'call <phone> please'],
    ['one with two zeros', '0049 30 901820', '<phone>'],
    ['one with the zero in brackets', '+49 (0)30 901820', '<phone>'],
    ['a British mobile', 'my number is 07911 123456.', 'my number is <phone>.'],
    ['an American number', 'it is (415) 555-2671', 'it is <phone>'],
    ['a number that is called one', 'phone: 4155552671', 'phone: <phone>'],
    ['a German number', 'Tel. 0151 23456789 oder 030/9018200', 'Tel. <phone> oder <phone>', 'de'],
    ['a French number', 'au 06 12 34 56 78', 'au <phone>', 'fr'],
    ['a card number', 'card 4111 1111 1111 1111 exp 12/27', 'card <card> exp 12/27'],
    ['one without spaces', '4111111111111111', '<card>'],
    ['an American Express number', '3782 822463 10005', '<card>'],
    ['an IBAN among words', 'DE89 3704 0044 0532 0130 00 bitte', '<iban> bitte', 'de'],
    ['an IBAN in small letters', 'gb29nwbk60161331926819', '<iban>'],
    ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sflKxwRJSMeKKF2QT4', '<token>'],
    ['a key of Stripe', ['sk', 'live', '51H8abcdefGHIJKL'].join('_'), '<token>'],
    ['a key of AWS', 'AKIAIOSFODNN7EXAMPLE', '<token>'],
    ['a bearer token', 'Authorization: Bearer abcdefghijklmnop12345', 'Authorization: Bearer <token>'],
    ['a password', 'password=hunter2 and Password: "s3cr3t!!"', 'password=<token> and Password: "<token>"'],
    ['a private key', 'x\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\ny', 'x\n<token>\ny'],
  ];
  test.each(finds)('%s', (_what, text, redacted, language) => {
    expect(clean(text, language ?? 'en')).toBe(redacted);
  });

  test('a national number of the country that the ticket names', () => {
    expect(clean('0151 23456789', 'en', 'DE')).toBe('<phone>');
  });
});

describe('left alone is', () => {
  test.each([
    'order 4155552671, order no. 123-456-7890, Bestellnummer 0151 23456789, #35436123',
    'on 2026-11-23 09:14, 23.11.2026 10:15, 11/23/2026, in 2023 2024 2025 2026',
    'I paid 1,234,567.89 USD or € 1.234.567,89 or 1 234 567 EUR',
    'card ending in 1111, 4111 1111 1111 1112 is mistyped',
    'version 1.2.3-4, left-pad@1.3.0, 192.168.100.200, 1Z999AA10123456784',
    'I forgot my password: forgotten, as ever; the bearer of bad news and misfortunes',
    'GB82 WEST 1234 5698 7654 33 has a wrong check digit',
    'parcel 3704004405320131 passes the test of card numbers, but no card of sixteen digits begins so',
  ])('%s', (text) => {
    expect(clean(text)).toBe(text);
    expect(clean(text, 'de')).toBe(text);
  });
});

describe('whatever the text', () => {
  const digits = (length: number) => fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length });
  const luhn = (body: number[]): string => {
    const sum = body.toReversed().reduce((total, digit, place) => {
      const doubled = place % 2 === 0 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    return [...body, (10 - (sum % 10)) % 10].join('');
  };
  const card = fc.tuple(fc.constantFrom([4], [5, 1], [5, 5], [3, 7], [6, 0, 1, 1]), digits(11)).map(([start, rest]) =>
    luhn(
      [...start, ...rest]
        .slice(0, start[0] === 3 ? 14 : 15)
        .concat(start.length === 1 ? [0, 0, 0] : start.length === 2 ? [0, 0] : [])
        .slice(0, start[0] === 3 ? 14 : 15),
    ),
  );
  const iban = digits(18).map((account) => {
    const check = 98n - (BigInt(`${account.join('')}131400`) % 97n);
    return `DE${String(check).padStart(2, '0')}${account.join('')}`;
  });
  const email = fc.emailAddress();
  const spaced = (text: string): string => text.replace(/(.{4})(?=.)/g, '$1 ');
  const mess = fc.array(
    fc.oneof(
      card,
      card.map(spaced),
      iban,
      iban.map(spaced),
      email,
      fc.string(),
      fc.constantFrom('tel 020 7946 0958', '<email>', 'password=', 'order ', '+49', 'Bearer ', '0'),
    ),
    { maxLength: 8 },
  );

  test('a second time changes nothing more', () => {
    fc.assert(
      fc.property(mess, fc.constantFrom('', ' ', '\n', '-'), (parts, glue) => {
        const once = clean(parts.join(glue));
        expect(clean(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  test('a card number, an IBAN and an e-mail address in it are gone', () => {
    const words = fc.array(fc.constantFrom('please', 'help', 'Zahlung', 'ist', 'my', 'the', 'thanks.'), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        words,
        fc.oneof(card, card.map(spaced), iban, iban.map(spaced), email),
        words,
        (before, secret, after) => {
          expect(clean([...before, secret, ...after].join(' '))).not.toContain(secret);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('words without figures stay as they are', () => {
    const word = fc.stringMatching(/^[a-zäöüß]{1,12}[.,!?]?$/);
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(clean(words.join(' '))).toBe(words.join(' '));
      }),
    );
  });
});

describe('however it is written', () => {
  const digitsOf = (zero: string) => (text: string) =>
    text.replaceAll(/\d/g, (digit) => String.fromCodePoint((zero.codePointAt(0) ?? 0) + Number(digit)));
  const script = fc.constantFrom(
    ...['0', '\u0660', '\u06f0', '\u0966', '\u0e50', '\uff10'].map((zero) => ({ zero, write: digitsOf(zero) })),
  );
  const gap = fc.constantFrom(
    ...[
      '',
      ' ',
      '  ',
      '\t',
      '\u00a0',
      '\u202f',
      '\u2009',
      '-',
      '\u2011',
      '\u2013',
      '/',
      '.',
      '&nbsp;',
      '&#32;',
      '\u200b',
      '\u2060',
    ],
  );
  const around = fc.constantFrom(
    ...[
      ['card ', ' lost'],
      ['卡号', '丢了'],
      ['カード', 'です'],
      ['카드', '입니다'],
      ['บัตร', 'ค่ะ'],
      ['', ''],
      ['(', ')'],
      ['№', '!'],
    ],
  );

  test('a card number is gone and the words around it stay', () => {
    fc.assert(
      fc.property(script, gap, around, ({ write }, between, [before = '', after = '']) => {
        const card = ['4111', '1111', '1111', '1111'].map(write).join(between);
        expect(clean(`${before}${card}${after}`)).toBe(`${before}<card>${after}`);
      }),
      { numRuns: 500 },
    );
  });

  test('a telephone number is gone and the words around it stay', () => {
    fc.assert(
      fc.property(script, gap, around, ({ write }, between, [before = '', after = '']) => {
        const phone = ['+49', '170', '1234567'].map(write).join(between);
        expect(clean(`${before}${phone}${after}`)).toBe(`${before}<phone>${after}`);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    'ada@example.com',
    'ada&#64;example.com',
    'ada&commat;example.com',
    'ada\uff20example.com',
    'ad\u200ba@exam\u00adple.com',
    'ada (at) example (dot) com',
    'ada[at]example.com',
  ])('an e-mail address is gone: %s', (written) => {
    for (const [before, after] of [
      ['write to ', ' please'],
      ['メールは', 'です'],
      ['邮箱', '请回复'],
      ['메일은 ', '입니다'],
    ] as const) {
      expect(clean(`${before}${written}${after}`)).toBe(`${before}<email>${after}`);
    }
  });

  test('what is no personal data stays as it was written, entities and invisible characters too', () => {
    for (const text of ['R&amp;D &lt;3', 'ﬁne\u200b print', '½ l & ①', '👩‍👧 ﷺ', 'Ⅻ. \u0661\u0662'])
      expect(clean(text)).toBe(text);
  });
});

describe('the labelled examples', () => {
  const examples = readRedactionExamples();

  test.each(['standard', 'strict'] as const)(
    '%s finds 95 of 100 values that it promises, and 99 of 100 matches are right',
    (level) => {
      let [labelled, found, matches, right] = [0, 0, 0, 0];
      for (const { text, hints, values } of examples) {
        const spans = findPersonalData(text, hints, level);
        const promised = values.filter(({ kind }) => kindsOfLevel[level].includes(kind));
        labelled += promised.length;
        found += promised.filter(({ start, end }) =>
          spans.some((span) => span.start <= start && span.end >= end),
        ).length;
        matches += spans.length;
        right += spans.filter((span) => values.some(({ start, end }) => span.start < end && span.end > start)).length;
      }
      expect(labelled).toBeGreaterThan(150);
      expect(found / labelled).toBeGreaterThanOrEqual(0.95);
      expect(right / matches).toBeGreaterThanOrEqual(0.99);
    },
  );

  test('at the standard level keep what only the strict level promises', () => {
    for (const { text, hints, values } of examples) {
      if (values.length === 0 || values.some(({ kind }) => kindsOfLevel.standard.includes(kind))) continue;
      expect(redact(text, hints)).toBe(text);
    }
  });
});
