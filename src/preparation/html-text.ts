/**
 * HTML to text, in one pass over the tokens and without a tree, so that the work grows with the length of the input however its
 * elements are nested. Text that is no HTML comes back unchanged.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import {
  blockElements,
  emptyElements,
  hiddenElements,
  isElement,
  paragraphElements,
  unclosedElements,
} from './html-elements.js';
import { TextLines } from './text-lines.js';

/**
 * Converts a text that may be HTML. Paragraphs, lines, list items and cells stay apart; quoted mail gets a `>` before each line.
 * Never throws.
 */
export function htmlToText(input: string): string {
  if (!/<[a-z!/]/i.test(input)) return input;
  const converter = new HtmlConverter(input);
  const tokenizer = new Tokenizer({ decodeEntities: true }, converter);
  tokenizer.write(input);
  tokenizer.end();
  if (!converter.isHtml) return input;
  const text = converter.lines.text();
  // An element that hides its text may lack its end: then nothing is hidden.
  return text === '' && /[\p{L}\p{N}]/u.test(withoutTags(input)) ? withoutTags(input) : text;
}

const withoutTags = (input: string): string => input.replaceAll(/<[^<>]{0,10000}>/g, ' ').trim();

/** Marks of mail programs for the signature below */
const signature = /gmail_signature(?!_prefix)|moz-signature|^(?:signature|applemailsignature)/i;

class HtmlConverter implements TokenizerCallbacks {
  readonly lines = new TextLines();
  private name = '';
  private attribute = '';
  private value = '';
  private isSignature = false;
  /** Element whose content is hidden, until its end */
  private hidden: string | null = null;
  /** Elements that were opened and not closed yet, by name */
  private readonly open = new Map<string, number>();
  private certain = false;
  private unclosed = 0;
  /** Numbers of the ordered lists around; null for a list without */
  private readonly counters: (number | null)[] = [];

  constructor(private readonly input: string) {
    const start = /^\s*<(?:!doctype|([a-z][a-z0-9]*))[\s>]/i.exec(input);
    this.certain = start !== null && (start[1] === undefined || unclosedElements.has(start[1].toLowerCase()));
  }

  /** A page, an element that is closed, one that never is, or several whose end may be left out: more than a word in angle brackets. */
  get isHtml(): boolean {
    return this.certain || this.unclosed > 1;
  }

  ontext(start: number, end: number): void {
    if (this.hidden === null) this.lines.write(this.input.slice(start, end));
  }

  ontextentity(code: number): void {
    if (this.hidden === null) this.lines.write(code === 0xa0 ? ' ' : String.fromCodePoint(code));
  }

  onopentagname(start: number, end: number): void {
    this.name = this.input.slice(start, end).toLowerCase();
    this.isSignature = false;
    // An address or a link in angle brackets is text.
    if (this.hidden === null && /@|:\/\//.test(this.name)) this.lines.write(` ${this.input.slice(start, end)} `);
  }

  onattribname(start: number, end: number): void {
    this.attribute = this.input.slice(start, end).toLowerCase();
    this.value = '';
  }

  onattribdata(start: number, end: number): void {
    if (this.attribute === 'class' || this.attribute === 'id')
      this.value += this.input.slice(start, Math.min(end, start + 200));
  }

  onattribend(): void {
    if (signature.test(this.value)) this.isSignature = true;
  }

  onopentagend(): void {
    this.openElement(this.name);
  }

  onselfclosingtag(): void {
    this.openElement(this.name);
    if (isElement(this.name)) this.certain = true;
    if (!emptyElements.has(this.name)) this.closeElement(this.name);
  }

  onclosetag(start: number, end: number): void {
    this.closeElement(this.input.slice(start, end).toLowerCase().trim());
  }

  private openElement(name: string): void {
    if (!isElement(name)) return;
    if (emptyElements.has(name) && name !== 'input' && name !== 'link' && name !== 'source') this.certain = true;
    if (unclosedElements.has(name)) this.unclosed += 1;
    if (!emptyElements.has(name)) this.open.set(name, (this.open.get(name) ?? 0) + 1);
    // A head ends where the body starts, with or without its end tag.
    if (this.hidden === 'head' && name === 'body') this.hidden = null;
    if (this.hidden !== null) return;
    if (hiddenElements.has(name)) this.hidden = name;
    else this.startText(name);
  }

  private startText(name: string): void {
    const { lines } = this;
    if (this.isSignature) lines.writeLine('-- ');
    if (name === 'br') lines.breakLine();
    else if (name === 'hr') lines.writeLine('_'.repeat(32));
    else if (name === 'td' || name === 'th') lines.write(' ');
    else if (paragraphElements.has(name)) lines.separate(2);
    else if (blockElements.has(name)) lines.separate(1);
    if (name === 'blockquote') lines.quoteDepth += 1;
    if (name === 'pre') lines.preformatted += 1;
    if (name === 'ul' || name === 'ol') this.counters.push(name === 'ol' ? 0 : null);
    if (name === 'li') lines.write(this.bullet());
  }

  private bullet(): string {
    const last = this.counters.length - 1;
    const count = this.counters[last] ?? null;
    if (count === null) return '* ';
    this.counters[last] = count + 1;
    return `${count + 1}. `;
  }

  private closeElement(name: string): void {
    const opened = this.open.get(name) ?? 0;
    if (opened > 0) {
      this.open.set(name, opened - 1);
      this.certain = true;
    }
    if (this.hidden !== null) {
      if (name === this.hidden) this.hidden = null;
      return;
    }
    if (name === 'br') this.lines.breakLine();
    if (opened === 0) return;
    const { lines } = this;
    if (paragraphElements.has(name)) lines.separate(2);
    else if (blockElements.has(name)) lines.separate(1);
    else if (name === 'td' || name === 'th') lines.write(' ');
    if (name === 'blockquote') lines.quoteDepth -= 1;
    if (name === 'pre') lines.preformatted -= 1;
    if (name === 'ul' || name === 'ol') this.counters.pop();
  }

  // Entities in attributes, comments, declarations and instructions are no text.
  readonly onattribentity = ignore;
  readonly oncdata = ignore;
  readonly oncomment = ignore;
  readonly ondeclaration = ignore;
  readonly onend = ignore;
  readonly onprocessinginstruction = ignore;
}

function ignore(): void {
  // Nothing is written.
}
