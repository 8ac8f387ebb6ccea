/** Detects texts in any language that a wrong encoding or a half-decoded format has made unreadable. */

/** Characters of Windows-1252 where it differs from Latin-1, and their bytes. */
const windows1252 = new Map(
  Array.from('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ').map((character, index) => [
    character,
    [
      0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8e, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96,
      0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9e, 0x9f,
    ][index] ?? 0,
  ]),
);

/** What UTF-8 becomes when it is read as a one-byte encoding: a lead byte and the following bytes that it announces. */
const leadAndFollowing = /[\u00C2-\u00F4][\u0080-\u00BF€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]+/gu;
const replacement = /\uFFFD/u;
/** NUL and other control characters, also those between the letters of UTF-16 read as bytes */
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000E-\u001F\u007F-\u009F]/u;
/** A question mark within a word, where a letter has been lost: "K?nnen", "caf?s"; not "why?because" once, so twice. */
const lostLetters = /\p{L}\?{1,2}\p{L}[^]*\p{L}\?{1,2}\p{L}/u;
const quotedPrintable = /=[0-9A-F]{2}(=[0-9A-F]{2}|[^=]{0,200}=[0-9A-F]{2})/u;
const percentEncoded = /(%[0-9A-F]{2}[^%\s]{0,80}){3}/iu;
const entities = /&(amp|lt|gt|quot|nbsp|[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,6});/iu;
const escapes = /\\u[0-9a-f]{4}/iu;
/** Base64: 60 characters without a space, with upper and lower case and digits. */
const base64 = /(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*\d)[A-Za-z0-9+/]{60,}={0,2}/u;

const patterns = [replacement, controls, lostLetters, quotedPrintable, percentEncoded, entities, escapes, base64];

export function isGarbled(text: string): boolean {
  return patterns.some((pattern) => pattern.test(text)) || isUtf8ReadAsBytes(text);
}

/** Whether the text becomes valid UTF-8 when it is encoded as bytes again: a correct text hardly ever does. */
function isUtf8ReadAsBytes(text: string): boolean {
  for (const [run] of text.matchAll(leadAndFollowing)) {
    const bytes = Uint8Array.from(run, (character) => windows1252.get(character) ?? character.charCodeAt(0));
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return true;
    } catch {
      // Not UTF-8 either: an unusual text, not a garbled one.
    }
  }
  return false;
}
