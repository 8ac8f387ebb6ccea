/** Texts of CLINC150 by domain, with embeddings: github.com/clinc/oos-eval, CC BY 3.0. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedEmbeddings } from '../support/text-embeddings.js';

export interface TextsByDomain {
  domains: string[];
  /** Index into `domains` of each text */
  domainOf: number[];
  embeddingOf: (text: number) => Float32Array;
}

/** @param folder with train.tsv, val.tsv and test.tsv: text, category, domain; out-of-scope texts are left out */
export async function clincTopics(folder: string, cacheFolder: string): Promise<TextsByDomain> {
  const rows = ['train', 'val', 'test'].flatMap((part) =>
    readFileSync(join(folder, `${part}.tsv`), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t')),
  );
  const kept = rows.filter(([, category]) => category !== 'oos');
  const { values, size } = await cachedEmbeddings(
    kept.map(([text = '']) => text),
    cacheFolder,
  );
  const domains = [...new Set(kept.map(([, , domain = '']) => domain))].sort();
  return {
    domains,
    domainOf: kept.map(([, , domain = '']) => domains.indexOf(domain)),
    embeddingOf: (text) => values.subarray(text * size, (text + 1) * size),
  };
}
