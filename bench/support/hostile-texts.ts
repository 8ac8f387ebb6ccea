/** A grammar of texts that slow matchers down: short units, each alone or after another one, repeated to a length. */

const zeroWidth = '\u200b';
/** Units by what they aim at: unbounded repetition, near misses, deep nesting, contexts to look up */
export const hostileUnits: Readonly<Record<string, string>> = {
  digits: '0',
  'digit pairs': '00 ',
  'digit groups': '4111 ',
  'single digits': '6 ',
  'Luhn groups': '6011 0000 ',
  phones: '07911 123456 ',
  'plain phones': '612345678 ',
  'international phones': '+49 30 901820 ',
  'international prefix': '+1 ',
  'two zeros': '0049 ',
  'phone word': 'call 0',
  'order word': 'order no. 1234567 ',
  'half IBAN': 'DE89 ',
  'IBAN start': 'GB82WEST1234',
  'e-mail': 'a@b.co ',
  'half e-mail': 'a.b',
  'open e-mail': 'a@b.',
  'at signs': '@',
  'at in brackets': 'a (at) ',
  quotes: '"',
  spaces: ' ',
  'no-break spaces': '\u00a0',
  tabs: '\t',
  'line ends': '\n',
  dots: '.',
  hyphens: '-',
  'less than': '<',
  'open tag': '<div ',
  'nested lists': '<ul><li>',
  'nested quotes': '<blockquote>a',
  'nested bold': '<b>a',
  'wrong ends': '<a></b>',
  cells: '<td>1',
  'open comment': '<!--',
  attributes: '<p a="b',
  'page start': '<html><p>',
  entities: '&nbsp;',
  'half entity': '&#6',
  'at entity': '&#64;',
  URL: 'https://a.b/?c=d&token=1 ',
  'URL start': 'http://a:b',
  password: 'password: a',
  bearer: 'bearer a',
  token: 'eyJaaaaaaaa',
  key: '-----BEGIN PRIVATE KEY-----',
  'zero-width': zeroWidth,
  'zero-width digits': `4${zeroWidth}`,
  word: 'a',
  'capital word': 'Aa1',
  'combining marks': '\u0301',
  'marked letters': 'e\u0301',
  emoji: '👩‍👧',
  Han: '电话',
  Kana: 'メール',
  'Arabic digits': '٠١٢ ',
  'full width': '４１',
  expansion: 'ﷺ',
  'street number': '12 Example ',
  street: 'Example Street ',
  'my name': 'my name is A',
  'name parts': 'my name is A B C ',
  birth: 'born on 1.',
  'PIN word': 'pin ',
  'account word': 'account number ',
  IP: '1.2.3.4 ',
  IPv6: 'a:b:',
  'national id': '85010112345 ',
  quote: '> a\n',
  attribution: 'On 1 Jan 2026 at 9:14, a wrote:\n',
  'half attribution': 'On 1 a\n',
  header: 'From: a\n',
  separator: '-----Original Message-----\n',
  signature: '--\n',
  closing: 'Regards,\n',
  'sent from': 'Sent from my ',
  disclaimer: 'confidential\n\n',
  base64: 'aB3/',
};

/** A unit, or two in turn, repeated to a length in UTF-16 code units. */
export const repeated = (pattern: string, length: number): string =>
  pattern
    .repeat(Math.ceil(length / pattern.length))
    .slice(0, length)
    .toWellFormed();

/** Names and patterns: each unit, each unit after each other one, and each once before many of another. */
export function* hostilePatterns(): Generator<{ name: string; text: (length: number) => string }> {
  const units = Object.entries(hostileUnits);
  for (const [name, unit] of units) yield { name, text: (length) => repeated(unit, length) };
  for (const [first, one] of units) {
    for (const [second, two] of units) {
      if (first !== second) yield { name: `${first}, ${second}`, text: (length) => repeated(one + two, length) };
    }
  }
  for (const [first, one] of units) {
    for (const [second, two] of units) {
      if (first === second) continue;
      const text = (length: number): string => repeated(one, length / 2) + repeated(two, length / 2);
      yield { name: `many ${first}, then many ${second}`, text };
    }
  }
}
