import { compile } from 'html-to-text';

/** Elements that mail programs and helpdesks use. Text such as `List<String>` or `a < b` contains none of them. */
const elementNames =
  'html|body|head|div|p|table|tbody|tr|td|span|a|ul|ol|li|b|i|u|strong|em|h[1-6]|font|blockquote|pre|center';
const openingTag = new RegExp(`<(${elementNames})(?:\\s[^<>]{0,4000})?>`, 'i');
const htmlStart = /^\s*(?:<!doctype html|<html[\s>])|<br\s*\/?>/i;

/** Text counts as HTML only if it starts as a page, contains `<br>`, or closes an element that it opens. */
function isHtml(text: string): boolean {
  if (!text.includes('<')) return false;
  if (htmlStart.test(text)) return true;
  const name = openingTag.exec(text)?.[1];
  return name !== undefined && new RegExp(`</${name}\\s*>`, 'i').test(text);
}

const convert = compile({
  wordwrap: false,
  limits: { maxInputLength: 32 * 1024 * 1024 },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

/** Converts a subject or body that may be HTML. Other text is returned unchanged. Never throws. */
export function toPlainText(text: string): string {
  if (!isHtml(text)) return text;
  try {
    return convert(text);
  } catch {
    // Elements nested so deeply that the conversion overflows the stack: only the tags are removed.
    return text.replace(/<[^<>]*>/g, ' ');
  }
}
