/** Sentences of the service: English text, and with it the message as data, which pages write in their reader's language. */
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
  /** Missing in rows of older versions and where a person wrote the sentence */
  message?: LocalizedMessage | undefined;
}

type Params = LocalizedMessage['params'];

/** @param english by key: the sentence, made of its parameters */
export function messageCatalog<C extends Record<string, (params: never) => string>>(english: C) {
  return <K extends keyof C & string>(key: K, ...given: Parameters<C[K]>): Required<EnglishMessage> => {
    const [params = {}] = given as [Params?];
    const sentenceOf = english[key] as (params: Params) => string;
    return { sentence: sentenceOf(params), message: { key, params } };
  };
}

/** With at most two digits after the point */
export const figure = (value: number): string => String(Math.round(value * 100) / 100);
