import { convert } from 'html-to-text';

/** A tag that mail programs write. A customer who types "x < y" or "<order 7>" writes none of these. */
const tag =
  /<\/?(?:html|head|body|div|p|br|span|table|t[rdh]|a|[uo]l|li|h[1-6]|img|strong|b|i|u|em|style|script|blockquote|font|pre|hr|center)\b[^<>]*>/i;

/** Text of an HTML body; any other text comes back as it is. */
export function plainText(body: string): string {
  if (!tag.test(body)) return body;
  return convert(body, {
    wordwrap: false,
    limits: { maxInputLength: 16 * 1024 * 1024 },
    selectors: [
      { selector: 'a', options: { ignoreHref: true } },
      { selector: 'img', format: 'skip' },
      { selector: 'style', format: 'skip' },
      { selector: 'script', format: 'skip' },
      { selector: 'table', format: 'block' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  }).trim();
}
