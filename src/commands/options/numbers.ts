import { UserError } from './user-error.js';

export function wholeNumber(flag: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text)) throw new UserError(`${flag}: must be a whole number, not "${text}"`);
    return Number(text);
  };
}

export function share(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0 && value < 1)) throw new UserError(`${flag}: must be between 0 and 1, not "${text}"`);
    return value;
  };
}
