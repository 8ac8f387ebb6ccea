/**
 * Bytes of a file as text: UTF-8, or UTF-16 with a byte order mark. Bytes that are neither are an error with line and column: a
 * lenient decoder would silently insert U+FFFD.
 */
import { isUtf8 } from 'node:buffer';
import { Transform } from 'node:stream';
import { DataFileError } from './data-file-error.js';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** @param beginning of the file @throws DataFileError where it is in an encoding that is not read */
export function detectEncoding(beginning: Buffer, file: string): Encoding {
  const mark = beginning.toString('latin1', 0, 4);
  if (mark === '\xFF\xFE\0\0' || mark === '\0\0\xFE\xFF') {
    throw new DataFileError(file, 1, 'is UTF-32; save the file as UTF-8');
  }
  if (mark.startsWith('\xFF\xFE')) return 'utf-16le';
  if (mark.startsWith('\xFE\xFF')) return 'utf-16be';
  if (/^.?\0/s.test(mark))
    throw new DataFileError(file, 1, 'is UTF-16 without a byte order mark; save the file as UTF-8');
  return 'utf-8';
}

/** @param file name in errors @throws DataFileError with line and column */
export function decodeText(bytes: Buffer, file: string): string {
  const encoding = detectEncoding(bytes, file);
  if (encoding !== 'utf-8') {
    const decoder = new TextDecoder(encoding, { fatal: true });
    return decodeUtf16(decoder, bytes, file, 1) + decodeUtf16(decoder, undefined, file, 1);
  }
  const problem = findInvalidUtf8(bytes, file, 1);
  if (problem) throw problem;
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/**
 * Passes on whole lines as UTF-8 without a byte order mark. Line ends of a file with CR alone become LF.
 *
 * @param maxLineBytes a longer line is an error
 */
export function decodeStream(
  file: string,
  { encoding, crOnly, maxLineBytes }: { encoding: Encoding; crOnly: boolean; maxLineBytes: number },
): Transform {
  const decoder = encoding === 'utf-8' ? null : new TextDecoder(encoding, { fatal: true });
  const lineEnd = crOnly ? 13 : 10;
  let rest: Buffer[] = [];
  let waiting = 0;
  let line = 1;
  let isStart = true;
  const toUtf8 = (chunk?: Buffer): Buffer =>
    decoder ? Buffer.from(decodeUtf16(decoder, chunk, file, line)) : (chunk ?? Buffer.alloc(0));
  const take = (block: Buffer): Buffer => {
    const problem = findInvalidUtf8(block, file, line, lineEnd);
    if (problem) throw problem;
    for (const byte of block) if (byte === lineEnd) line += 1;
    const marked = isStart && block.subarray(0, 3).equals(byteOrderMark) ? block.subarray(3) : block;
    isStart = false;
    return crOnly ? Buffer.from(marked.toString('latin1').replaceAll(/\r\n?/g, '\n'), 'latin1') : marked;
  };
  return new Transform({
    transform(raw: Buffer, _encoding, done) {
      try {
        const chunk = toUtf8(raw);
        const end = chunk.lastIndexOf(lineEnd) + 1;
        waiting += chunk.length;
        if (end === 0) {
          rest.push(chunk);
          if (waiting > maxLineBytes) throw new DataFileError(file, line, tooLong);
          done();
          return;
        }
        const block = Buffer.concat([...rest, chunk.subarray(0, end)]);
        rest = [chunk.subarray(end)];
        waiting = chunk.length - end;
        done(null, take(block));
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        done(null, take(Buffer.concat([...rest, ...(decoder ? [toUtf8()] : [])])));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

export const tooLong = 'row is longer than 16 million characters; a line end or a closing quote is missing';

const byteOrderMark = Buffer.from('\uFEFF');

/** @param bytes undefined: the end of the file */
function decodeUtf16(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Buffer | undefined,
  file: string,
  line: number,
): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    throw new DataFileError(file, line, `not valid UTF-16 in this line or below; save the file as UTF-8`);
  }
}

/** @param firstLine line that the block starts with */
function findInvalidUtf8(block: Buffer, file: string, firstLine: number, lineEnd = 10): DataFileError | null {
  if (isUtf8(block)) return null;
  const lines = block.toString('latin1').split(String.fromCharCode(lineEnd));
  const index = lines.findIndex((bytes) => !isUtf8(Buffer.from(bytes, 'latin1')));
  const column = firstInvalidCharacter(Buffer.from(lines[index] ?? '', 'latin1'));
  return new DataFileError(file, firstLine + Math.max(0, index), `column ${column}: not UTF-8; save the file as UTF-8`);
}

/** Position, from 1, of the first character that is not UTF-8. */
function firstInvalidCharacter(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let at = -1;
  let offset = 0;
  do {
    const next = text.indexOf('\uFFFD', at + 1);
    if (next === -1) return text.length + 1;
    offset += Buffer.byteLength(text.slice(at + 1, next));
    at = next;
    // The file's own U+FFFD is valid; others replace invalid bytes.
    if (!bytes.subarray(offset, offset + 3).equals(replacement)) return at + 1;
    offset += replacement.length;
  } while (offset < bytes.length);
  return text.length + 1;
}

const replacement = Buffer.from('\uFFFD');
