/** What a window of ours says to the frame of ours that opened it. */

const kind = 'replyrank:hand-over';

export const handOverMessage = (code: string) => ({ kind, code });

/** @returns the code; null for any other message */
export function codeIn(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('kind' in data) || !('code' in data)) return null;
  return data.kind === kind && typeof data.code === 'string' ? data.code : null;
}
