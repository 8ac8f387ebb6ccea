/** Classes of characters that the matchers share. */

/** Scripts written without spaces, and Hangul, whose particles follow a number directly: a number may touch their letters. */
export const unspacedScripts = [
  ...['Han', 'Hira', 'Kana', 'Bopo', 'Hang', 'Thai', 'Laoo', 'Khmr', 'Mymr'].map((script) => `\\p{scx=${script}}`),
].join('');

const unspaced = new RegExp(`^[${unspacedScripts}]$`, 'u');
const letterOrDigit = /^[\p{L}\p{M}\p{N}]$/u;

export function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** Whether the character is a letter of a script without spaces. */
export function isUnspaced(text: string, at: number): boolean {
  return text.charCodeAt(at) > 0x7f && unspaced.test(text.charAt(at));
}

/** Whether the character is a digit, or a letter of a script that separates words by spaces. False outside of the text. */
export function isWordCharacter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code <= 0x7f) return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  if (Number.isNaN(code)) return false;
  return letterOrDigit.test(text.charAt(at)) && !unspaced.test(text.charAt(at));
}
