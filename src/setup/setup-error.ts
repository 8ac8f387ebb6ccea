/** Something on this machine or network stands in the way; the message says what, and what to do about it. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** The `code` of a system error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Says a file system's refusal in words; anything else is handed back as it came. */
export function explainFileError(error: unknown, folder: string): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SetupError(
        `The disk that holds ${folder} is full: free some space, or name a folder on another disk.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SetupError(`${folder} can't be written by this user: change its owner, or name another folder.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new SetupError(`${folder} can't be used as a folder: a file stands in its way.`);
    default:
      return error;
  }
}
