/** Reads docs/glossary.md and its German version: groups of entries with headings, paragraphs, lists, code and links. */

export interface Entry {
  /** Anchor of the English heading, the same in every language */
  id: string;
  term: string;
  blocks: Block[];
}

/** A list has several items, a paragraph has one. */
export interface Block {
  kind: 'paragraph' | 'list';
  items: Span[][];
}

export interface Span {
  kind: 'text' | 'code';
  text: string;
}

export interface Group {
  title: string;
  entries: Entry[];
}

export function parseGlossary(markdown: string): Group[] {
  const groups: Group[] = [];
  let anchor: string | null = null;
  for (const chunk of markdown.split(/\n{2,}/).map((text) => text.trim())) {
    const entry = groups.at(-1)?.entries.at(-1);
    const [, id] = /^<a id="([^"]+)"><\/a>$/.exec(chunk) ?? [];
    const [, marks, title = ''] = /^(#+) (.+)$/.exec(chunk) ?? [];
    if (id !== undefined) anchor = id;
    else if (marks === '##') groups.push({ title, entries: [] });
    else if (marks === '###') {
      groups.at(-1)?.entries.push({ id: anchor ?? slug(title), term: title, blocks: [] });
      anchor = null;
    } else if (entry && chunk !== '') entry.blocks.push(blockOf(chunk));
  }
  return groups;
}

/** The anchor that GitHub gives to a heading. */
export const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

function blockOf(chunk: string): Block {
  const isList = chunk.startsWith('- ');
  const items = isList ? chunk.slice(2).split(/\n- /) : [chunk];
  return { kind: isList ? 'list' : 'paragraph', items: items.map(spansOf) };
}

/** Every second part between backticks is code. */
const spansOf = (text: string): Span[] =>
  text
    .replaceAll(/\s*\n\s*/g, ' ')
    .split('`')
    .map((part, at): Span => ({ kind: at % 2 === 0 ? 'text' : 'code', text: part }))
    .filter(({ text: part }) => part !== '');
