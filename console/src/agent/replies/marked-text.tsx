import type { WordWeight } from '../../service/api-types.js';

/** Words that say less than that of what the strongest says are not marked: a text in which all is marked says nothing. */
const minShare = 0.1;
const strengths = 3;

/** A text of the ticket with the words that spoke for a reply underlined, the more the thicker, those against it dotted. */
export function MarkedText({ text, words }: { text: string; words: readonly WordWeight[] }) {
  const pieces: (string | WordWeight)[] = [];
  let from = 0;
  for (const word of words) {
    pieces.push(text.slice(from, word.start), word);
    from = word.end;
  }
  pieces.push(text.slice(from));
  const strongest = strongestOf(words);
  return pieces.map((piece) =>
    typeof piece === 'string' ? (
      piece
    ) : (
      <mark
        key={piece.start}
        className="word"
        data-speaks={piece.weight > 0 ? 'for' : 'against'}
        data-strength={Math.max(1, Math.ceil((strengths * Math.abs(piece.weight)) / strongest))}
      >
        {text.slice(piece.start, piece.end)}
      </mark>
    ),
  );
}

const strongestOf = (words: readonly WordWeight[]): number =>
  Math.max(0, ...words.map(({ weight }) => Math.abs(weight)));

/** Those that are worth a mark, in the order of the text. */
export function markedWords(words: readonly WordWeight[]): WordWeight[] {
  const least = minShare * strongestOf(words);
  return words.filter(({ weight }) => Math.abs(weight) >= least);
}
