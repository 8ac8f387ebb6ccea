/** The service says everything in English; with each sentence goes what it is made of, for pages in other languages. */
import { z } from 'zod';
import type { Saying } from './stored-message.js';

export const sayingSchema = z
  .object({ key: z.string(), values: z.record(z.string(), z.union([z.string(), z.number()])) })
  .meta({ id: 'Saying', description: 'The sentence beside it as data: its key, and the values that it is made of' });

export interface Said {
  sentence: string;
  /** Missing where a version that knew no sayings has stored it */
  saying?: Saying | undefined;
}

type Values = Saying['values'];

/** @param english by key: the sentence, made of its values */
export function sayer<C extends Record<string, (values: never) => string>>(english: C) {
  return <K extends keyof C & string>(key: K, ...given: Parameters<C[K]>): Required<Said> => {
    const [values = {}] = given as [Values?];
    const sentenceOf = english[key] as (values: Values) => string;
    return { sentence: sentenceOf(values), saying: { key, values } };
  };
}

/** @param share 0–1 */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** With at most two digits after the point */
export const figure = (value: number): string => String(Math.round(value * 100) / 100);
