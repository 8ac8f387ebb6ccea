/** Names that a text introduces: "my name is Ada Lovelace". */
import { findAll, type Span } from './spans.js';

/** Before a name in scripts with capitals; the name starts with one. */
const introductions = [
  ...[
    'my (?:full |last |first |sur)?name is',
    'my name’s',
    "my name's",
    "this is (?=\\p{Lu}[\\p{L}’'-]+ \\p{Lu}[\\p{L}’'-]+ (?:from|speaking|writing|here))",
  ],
  ...[
    'name on (?:the )?(?:card|account)(?: is)?:?',
    'account holder(?: is)?:?',
    'ich hei(?:ß|ss)e',
    'mein name ist',
    'mein name lautet',
  ],
  ...["je m['’]appelle", 'mon nom est', 'mon nom complet est', 'me llamo', 'mi nombre es', 'mi nombre completo es'],
  ...['mi chiamo', 'il mio nome è', 'o meu nome é', 'meu nome é', 'me chamo', 'chamo-me', 'mijn naam is', 'ik heet'],
  ...[
    'nazywam się',
    'mam na imię',
    'moje imię to',
    'jag heter',
    'mitt namn är',
    'jeg hedder',
    'jeg heter',
    'меня зовут',
  ],
  ...[
    'benim adım',
    'adım',
    'full name:',
    'name:',
    'vollständiger name:',
    'nom complet:',
    'nombre completo:',
    'nome completo:',
  ],
];
const word = "\\p{Lu}[\\p{L}\\p{M}'’.-]{0,30}";
/** Small words inside of a name */
const particle = '(?:van|von|der|den|de|del|della|di|da|dos|das|do|la|le|el|al|bin|ten|ter|zu|y|e)';
const capitalised = new RegExp(
  `(?<!\\p{L})(?:${introductions.map(insensitive).join('|')})[ ]{1,2}(?:(?:Mr|Mrs|Ms|Dr|Herr|Frau)\\.? )?(?<value>${word}(?: (?:${particle} ){0,2}${word}){0,3}(?<![.'’-]))`,
  'dgu',
);
/** "我叫王小明", "我的名字是…", "山田太郎と申します", "私の名前は…です", "제 이름은 …입니다" */
const chinese =
  /(?:我叫|我的名字(?:是|叫)|我姓名(?:是|为)|姓名[:：]|本人姓名)\s?(?<value>\p{sc=Han}{2,4}?)(?=[，,。.、；;！!\s]|$|我|的|请|在|想|是|有)/dgu;
const japaneseBefore =
  /(?:名前は|氏名は|氏名[:：]|お名前[:：])\s?(?<value>[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]{2,8}?(?: [\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]{1,8}?)?)(?=です|と申|といい|と言|で、|。|、|\n|$)/dgu;
const japaneseAfter =
  /(?<=^|[。、\n\s])(?<value>[\p{sc=Han}\p{sc=Kana}ー]{2,8}(?: [\p{sc=Han}\p{sc=Kana}ー]{1,8})?)(?=と申します|といいます|と言います)/dgu;
const korean =
  /(?:이름은|성함은|이름[:：])\s?(?<value>\p{sc=Hang}{2,4}?)(?=입니다|이에요|예요|이고|이며|이라|[.,\s]|$)/dgu;

export const findNames = (text: string): Span[] =>
  [capitalised, chinese, japaneseBefore, japaneseAfter, korean].flatMap((pattern) => findAll(text, pattern, '<name>'));

/** The words of an introduction, the first letter of each also as a capital. */
function insensitive(pattern: string): string {
  return pattern.replaceAll(
    /(?<![\\\p{L}[{])\p{Ll}(?=\p{L}|’|'| |$)/gu,
    (letter) => `[${letter}${letter.toUpperCase()}]`,
  );
}
