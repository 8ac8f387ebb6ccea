import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What neither the import rules (.dependency-cruiser.js) nor the linter can say of the tree. */

const root = resolve(import.meta.dirname, '../..');

function filesBelow(folder: string, endings: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => join(folder, name));
}

const sources = filesBelow('src', /\.ts$/).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

describe('the code', () => {
  test('has no barrels, no forwardRef and no folder for everything', () => {
    expect(sources.map(({ path }) => path).filter((path) => basename(path) === 'index.ts')).toEqual([]);
    expect(sources.filter(({ text }) => text.includes('forwardRef(')).map(({ path }) => path)).toEqual([]);
    const catchAlls = ['src', 'console', 'test', 'bench']
      .flatMap((folder) => filesBelow(folder, /./))
      .filter((path) => statSync(join(root, path)).isDirectory())
      .filter((path) => ['common', 'shared', 'utils', 'helpers', 'misc'].includes(basename(path)));
    expect(catchAlls).toEqual([]);
  });

  test('keeps its folders small enough to be read', () => {
    const counts = new Map<string, number>();
    for (const path of ['src', 'console/src', 'bench'].flatMap((folder) => filesBelow(folder, /\.tsx?$/))) {
      const folder = path.slice(0, path.lastIndexOf('/'));
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    expect([...counts].filter(([, files]) => files > 19)).toEqual([]);
  });

  test('gives no constructor more than five parameters', () => {
    const wide = sources.flatMap(({ path, text }) => {
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
      const found: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isConstructorDeclaration(node) && node.parameters.length > 5) found.push(path);
        ts.forEachChild(node, visit);
      };
      visit(file);
      return found;
    });
    expect(wide).toEqual([]);
  });

  test('switches no test off and leaves none alone', () => {
    const marks = new RegExp(String.raw`\b(it|test|describe)\.(${['only', 'skip', 'todo'].join('|')})\b`);
    const marked = filesBelow('test', /\.tsx?$/).filter((path) => marks.test(readFileSync(join(root, path), 'utf8')));
    expect(marked).toEqual([]);
  });
});
