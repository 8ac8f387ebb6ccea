import validator from 'validator';
import { standsAlone, type DigitGroups } from './digit-groups.js';
import type { Span } from './spans.js';

/** Card schemes by first digits and length; the Luhn check alone accepts one number in ten. */
const cardNumber = new RegExp(
  `^(?:${[
    '4(?:\\d{12}|\\d{15}|\\d{18})', // Visa
    '(?:5[1-5]|2[2-7])\\d{14}', // Mastercard
    '3[47]\\d{13}', // American Express
    '3(?:0|6|8|9)\\d{12,17}', // Diners Club
    '35\\d{14,17}', // JCB
    '(?:50|5[6-8])\\d{11,17}|6\\d{11,18}', // Maestro, Discover, UnionPay, RuPay
  ].join('|')})$`,
);
const [minDigits, maxDigits] = [13, 19];

/** Card numbers: consecutive groups of digits of a known scheme and length that pass the Luhn check. */
export function findCards(text: string, groups: DigitGroups): Span[] {
  const sums = new LuhnSums(groups.digits);
  const found: Span[] = [];
  for (let first = 0; first < groups.count; first += 1) {
    const last = findLast(text, groups, first, sums);
    if (last === null) continue;
    found.push({ start: groups.starts[first]!, end: groups.ends[last]!, marker: '<card>' });
    first = last;
  }
  return found;
}

/** @returns the last group of the longest card number that starts with the group `first`, or null */
function findLast(text: string, groups: DigitGroups, first: number, sums: LuhnSums): number | null {
  if (!'23456'.includes(groups.firstDigit(first))) return null;
  const start = groups.digitsBefore[first]!;
  let found: number | null = null;
  for (let last = first; last < groups.count; last += 1) {
    const digits = groups.digitCount(first, last);
    if (digits > maxDigits) break;
    if (digits >= minDigits && sums.isValid(start, start + digits) && isCard(text, groups, first, last)) found = last;
    if (!groups.continues(last)) break;
  }
  return found;
}

function isCard(text: string, groups: DigitGroups, first: number, last: number): boolean {
  const digits = groups.digitsOf(first, last);
  return (
    (cardNumber.test(digits) || validator.isCreditCard(digits)) &&
    !/^(\d)\1+$/.test(digits) &&
    // Thirteen digits that are a barcode: cards of that length are no longer issued.
    !(digits.length === minDigits && validator.isEAN(digits)) &&
    standsAlone(text, groups.starts[first]!, groups.ends[last]!)
  );
}

/** Running sums over digits, so that the Luhn check of any of their spans takes the same time. */
class LuhnSums {
  /** Sum of the first n digits with those at odd places doubled, and with those at even places doubled */
  private readonly sums: [Int32Array, Int32Array];

  constructor(digits: string) {
    const [odd, even] = [new Int32Array(digits.length + 1), new Int32Array(digits.length + 1)];
    for (let place = 0; place < digits.length; place += 1) {
      const digit = digits.charCodeAt(place) - 48;
      const doubled = digit > 4 ? 2 * digit - 9 : 2 * digit;
      odd[place + 1] = odd[place]! + (place % 2 === 1 ? doubled : digit);
      even[place + 1] = even[place]! + (place % 2 === 0 ? doubled : digit);
    }
    this.sums = [odd, even];
  }

  isValid(start: number, end: number): boolean {
    // The last digit is not doubled, the one before it is.
    const sums = this.sums[(end - 1) % 2 === 0 ? 0 : 1];
    return (sums[end]! - sums[start]!) % 10 === 0;
  }
}
