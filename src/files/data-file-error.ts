/** The file can't be used. The message starts with file and line. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';

  constructor(
    file: string,
    readonly line: number | null,
    readonly problem: string,
  ) {
    super(`${file}${line === null ? '' : `:${line}`}: ${problem}`);
  }
}
