/** Lines of text as a browser lays them out: white space collapsed, blocks apart, quotes marked. */

/** Deeper quotes are marked like this one, so that the marks do not outgrow the text. */
const maxQuoteDepth = 4;

export class TextLines {
  quoteDepth = 0;
  /** Depth of elements whose white space counts */
  preformatted = 0;
  private readonly parts: string[] = [];
  /** Line ends to write before the next text */
  private breaks = 0;
  private space = false;
  /** Quote depth of the line before */
  private lastDepth = 0;

  /** Adds text to the line; its white space collapses. */
  write(text: string): void {
    if (this.preformatted > 0) {
      text.split('\n').forEach((line, index) => {
        if (index > 0) this.breakLine();
        this.add(line);
      });
      return;
    }
    const words = text.replaceAll(/[ \t\r\n\f\u00a0]+/g, ' ');
    const trimmed = words.trim();
    if (words.startsWith(' ')) this.space = true;
    if (trimmed === '') return;
    this.add(trimmed);
    this.space = words.endsWith(' ');
  }

  writeLine(text: string): void {
    this.separate(1);
    this.add(text);
    this.separate(1);
  }

  /** Ends the line, an empty one too. */
  breakLine(): void {
    this.breaks += 1;
    this.space = false;
  }

  /** The next text starts at least this many line ends below. */
  separate(breaks: number): void {
    this.breaks = Math.max(this.breaks, breaks);
    this.space = false;
  }

  text(): string {
    return this.parts.join('');
  }

  private add(text: string): void {
    if (text === '') return;
    if (this.breaks > 0 || this.parts.length === 0) {
      const mark = quoteMark(this.quoteDepth);
      const markBetween = quoteMark(Math.min(this.quoteDepth, this.lastDepth)).trimEnd();
      // At most one empty line.
      const ends = this.parts.length === 0 ? 0 : Math.min(this.breaks, 2);
      this.parts.push(ends > 1 ? `\n${markBetween}\n` : '\n'.repeat(ends), mark);
    } else if (this.space) this.parts.push(' ');
    this.parts.push(text);
    this.breaks = 0;
    this.space = false;
    this.lastDepth = this.quoteDepth;
  }
}

const quoteMark = (depth: number): string => '> '.repeat(Math.min(depth, maxQuoteDepth));
