/** Postal addresses: a street with its number, and the postcode and town after it. */
import { findAll, type Span } from './spans.js';

const capital = "\\p{Lu}[\\p{L}\\p{M}'’.-]{1,30}";
const houseNumber = '\\d{1,5}(?:[ ]?[a-zA-Z](?!\\p{L}))?(?:[-/]\\d{1,4})?';
/** Town, postcode, or both, after a comma or a line end */
const place = `(?:[ ]?(?:,|\\n)[ ]{0,2}(?:\\d{2}-\\d{3}|(?:[A-Z]{1,2}-)?\\d{4,6}(?:-\\d{3,4})?(?:[ ][A-Z]{2}(?!\\p{L}))?|[A-Z]{1,2}\\d[A-Z\\d]?[ ]?\\d[A-Z]{2}|[A-Z]{2}[ ]\\d{5}(?:-\\d{4})?)?(?:[ ]?${capital}(?:[ ](?:${capital}|[A-Z]{2}|de|do|del|am|an|der|la|el|sur|upon)(?![\\p{L}\\d])){0,3})?(?:[ ](?:[A-Z]{1,2}\\d[A-Z\\d]?[ ]?\\d[A-Z]{2}|[A-Z]{2}[ ]\\d{5}))?(?<![ ,\\n]))`;
const places = `${place}{0,3}`;

const english = `${houseNumber}[ ](?:${capital}[ ]){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|Place|Pl|Boulevard|Blvd|Way|Crescent|Terrace|Square|Gardens|Grove|Parkway|Highway|Nagar|Marg|Colony)\\.?(?!\\p{L})(?:,?[ ](?:Apt|Apartment|Flat|Unit|Suite|Ste)\\.?[ ]#?\\w{1,6})?`;
const german = `(?:(?:Am|An|Im|In|Auf|Zum|Zur|Alte|Neue|Große|Kleine)(?:[ ]de[rmn])?[ ])?(?:\\p{Lu}[\\p{L}-]{1,30}(?:straße|strasse|str\\.|weg|gasse|platz|allee|damm|ufer|ring)|(?:${capital}[ ]){0,2}(?:Straße|Strasse|Str\\.|Weg|Platz|Allee|Ring|Gasse))[ ]${houseNumber}`;
const french = `${houseNumber}(?:[ ]?(?:bis|ter))?,?[ ](?:rue|avenue|av\\.|boulevard|bd|place|allée|allées|chemin|impasse|quai|cours|route|square)[ ](?:(?:de|du|des|la|le|les|l['’]|d['’])[ ]?){0,3}${capital}(?:[ ](?:(?:de|du|des|la)[ ])?${capital}){0,3}`;
const particles = '(?:(?:de|del|la|las|los|el|di|della|dei|do|da|dos|das|van|der|den|de)[ ]){0,3}';
const romance = `(?:[Cc]alle|[Cc]/|[Aa]venida|[Aa]vda\\.?|[Pp]laza|[Pp]aseo|[Cc]amino|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Vv]icolo|[Ll]argo|[Rr]ua|[Tt]ravessa|[Pp]raça|[Ee]strada|[Aa]lameda|R\\.)[ ]?${particles}${capital}(?:[ ]${particles}${capital}){0,3},?[ ](?:n\\.?[º°]?[ ]?)?${houseNumber}`;
const dutch = `\\p{Lu}[\\p{L}-]{2,30}(?:straat|laan|weg|plein|gracht|kade|singel|dijk|hof|pad|steeg)[ ]${houseNumber}`;
const polish = `(?:ul\\.|al\\.|pl\\.|os\\.|[Uu]lica|[Aa]leja)[ ]${capital}(?:[ ]${capital}){0,3}[ ]${houseNumber}(?:[ ]?(?:/|m\\.)[ ]?\\d{1,4})?`;
const latin = new RegExp(
  `(?<![\\p{L}\\d])(?:${[english, german, french, romance, dutch, polish].join('|')})${places}`,
  'gu',
);

/** 東京都千代田区丸の内1-1-1, 北京市朝阳区建国路88号, 서울특별시 강남구 테헤란로 123 */
const japanese =
  /(?:東京都|北海道|(?:京都|大阪)府|\p{sc=Han}{2,3}県)(?:[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ーヶ]{1,16})\d{1,4}(?:[-丁目番地号]{1,3}\d{1,4}){0,3}[号番地室]{0,2}/gu;
const chinese =
  /(?:\p{sc=Han}{2,4}(?:省|自治区))?\p{sc=Han}{1,5}[市州](?:\p{sc=Han}{1,6}[区县區縣鎮镇])?\p{sc=Han}{1,10}[路街道巷弄里]\d{1,5}[号號弄](?:\d{1,4}(?:号楼|楼|室|单元|栋|號|樓)){0,4}/gu;
const korean =
  /\p{sc=Hang}{1,8}(?:특별시|광역시|도|시) (?:\p{sc=Hang}{1,6}[시군구] ){0,2}(?:\p{sc=Hang}{1,6}[읍면동] )?\p{sc=Hang}{1,10}(?:로|길|동) ?\d{1,4}(?:-\d{1,4})?(?:번지|호)?/gu;

export const findAddresses = (text: string): Span[] =>
  [latin, japanese, chinese, korean].flatMap((pattern) => findAll(text, pattern, '<address>'));
