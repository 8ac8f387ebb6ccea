/** Sentences of the service: English text, and the message as data, which pages translate. */
import { z } from 'zod';
import type { LocalizedMessage } from './stored-message.js';

export const localizedMessageSchema = z
  .object({ key: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) })
  .meta({
    id: 'LocalizedMessage',
    description: 'A sentence as data: its key in the message files, and its parameters',
  });

export interface EnglishMessage {
  sentence: string;
  /** Missing if a person wrote the sentence, and in rows of older versions */
  message?: LocalizedMessage | undefined;
}

type Params = LocalizedMessage['params'];

/** @param english by key: a function from the parameters to the sentence */
export function messageCatalog<C extends Record<string, (params: never) => string>>(english: C) {
  return <K extends keyof C & string>(key: K, ...given: Parameters<C[K]>): Required<EnglishMessage> => {
    const [params = {}] = given as [Params?];
    const toSentence = english[key] as (params: Params) => string;
    return { sentence: toSentence(params), message: { key, params } };
  };
}

/** Rounded to two decimals */
export const formatFigure = (value: number): string => String(Math.round(value * 100) / 100);
