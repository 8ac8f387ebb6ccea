import type { Entry } from './parse.js';

/** The definition and formula of a glossary entry. */
export function EntryText({ blocks }: Pick<Entry, 'blocks'>) {
  return blocks.map(({ kind, items }, block) => {
    const texts = items.map((spans) =>
      spans.map(({ kind: span, text }, at) => (span === 'code' ? <code key={at}>{text}</code> : text)),
    );
    return kind === 'list' ? (
      <ul key={block}>
        {texts.map((text, at) => (
          <li key={at}>{text}</li>
        ))}
      </ul>
    ) : (
      <p key={block}>{texts}</p>
    );
  });
}
