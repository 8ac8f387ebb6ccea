import { queryOptions } from '@tanstack/react-query';
import { parseGlossary, type Group } from './parse.js';

const files: Record<string, () => Promise<{ default: string }>> = {
  en: () => import('../../../../docs/glossary.md?raw'),
  de: () => import('../../../../docs/glossary.de.md?raw'),
};

/** The glossary is part of the bundle and is loaded when it is opened for the first time. */
export const glossaryQuery = (language: string) =>
  queryOptions({
    queryKey: ['glossary', language],
    queryFn: async (): Promise<Group[]> => parseGlossary((await (files[language] ?? files['en'])?.())?.default ?? ''),
    staleTime: Infinity,
  });
