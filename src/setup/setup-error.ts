/** This machine or its network prevents the set-up; the message says what to do. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** The `code` of a system error, or undefined */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A SetupError for an error of the file system; any other error is returned unchanged. */
export function explainFileError(error: unknown, folder: string): unknown {
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SetupError(`The disk of ${folder} is full: free some space, or choose a folder on another disk.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SetupError(`This user can't write to ${folder}: change its owner, or choose another folder.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new SetupError(`${folder} can't be created: there is a file of that name.`);
    default:
      return error;
  }
}
