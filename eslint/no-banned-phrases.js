/**
 * Wording that must not come back, in code, messages and documents: banned-phrases.json, each with what to write instead.
 * A pattern is a regular expression; `in` limits it to files whose path matches.
 */
import { readFileSync } from 'node:fs';

const phrases = JSON.parse(readFileSync(new URL('banned-phrases.json', import.meta.url), 'utf8')).map((entry) => ({
  ...entry,
  regex: new RegExp(entry.pattern, entry.caseSensitive ? 'gu' : 'giu'),
  paths: entry.in && new RegExp(entry.in, 'u'),
}));

const rule = {
  meta: { type: 'suggestion', schema: [], docs: { description: 'Wording that must not come back' } },
  create({ sourceCode, filename, report }) {
    const check = (node) => {
      for (const { regex, paths, instead } of phrases) {
        if (paths && !paths.test(filename)) continue;
        for (const { 0: found, index } of sourceCode.text.matchAll(regex)) {
          const loc = {
            start: sourceCode.getLocFromIndex(index),
            end: sourceCode.getLocFromIndex(index + found.length),
          };
          report({ node, loc, message: `"${found}": write ${instead}` });
        }
      }
    };
    // The root of a program, of a JSON document, and of a Markdown document.
    return { Program: check, Document: check, root: check };
  },
};

export default { rules: { 'no-banned-phrases': rule } };
