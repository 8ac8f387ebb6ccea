import { compile } from 'html-to-text';

/** Elements that mail programs and helpdesks write. A customer who writes `List<String>` or `a < b` names none of them. */
const element =
  'html|body|head|div|p|table|tbody|tr|td|span|a|ul|ol|li|b|i|u|strong|em|h[1-6]|font|blockquote|pre|center';
const opening = new RegExp(`<(${element})(?:\\s[^<>]{0,4000})?>`, 'i');
const unmistakable = /^\s*(?:<!doctype html|<html[\s>])|<br\s*\/?>/i;

/** A text is HTML only where it surely is: it begins as a page, breaks lines with `<br>`, or closes an element it opened. */
function isHtml(text: string): boolean {
  if (!text.includes('<')) return false;
  if (unmistakable.test(text)) return true;
  const name = opening.exec(text)?.[1];
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

/** The text of a subject or body that may be HTML. Text that is none comes back as it was. Never throws. */
export function plainText(text: string): string {
  if (!isHtml(text)) return text;
  try {
    return convert(text);
  } catch {
    // Elements nested so deeply that the walk runs out of stack: what stands between the tags is the text.
    return text.replace(/<[^<>]*>/g, ' ');
  }
}
