import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** Holds docs/architecture.md: who may import whom, what may stand where, how long a file may be. */

const root = resolve(import.meta.dirname, '../..');

interface Source {
  path: string;
  text: string;
  imports: string[];
}

function filesBelow(folder: string, endings: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => join(folder, name));
}

const sources: Source[] = filesBelow('src', /\.ts$/).map((path) => {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName) };
});

/** The part that a file belongs to: the folder below src/, or the file itself at its top. */
const partOf = (path: string): string => path.split('/')[1]?.replace(/\.ts$/, '') ?? '';

const top = [
  'main',
  'http',
  'health.controller',
  'pino-logger',
  'sample',
  'cli',
  'app',
  'app.module',
  'database',
  'launch',
  'commands',
];
const mayImport: Record<string, string[]> = {
  retrain: ['monitoring', 'ingest', 'suggest', 'access', 'models', 'records', 'config'],
  monitoring: ['ingest', 'suggest', 'access', 'models', 'records', 'config'],
  ingest: ['suggest', 'access', 'models', 'records', 'redaction', 'config'],
  suggest: ['access', 'models', 'records', 'redaction', 'config'],
  access: ['models', 'records', 'config'],
  embedded: ['setup', 'config'],
  setup: ['config'],
  models: ['config'],
  records: [],
  redaction: [],
  config: [],
};
const packagesForbidden: Record<string, RegExp> = {
  retrain: /^(kafkajs|@tensorflow\/)/,
  monitoring: /^(kafkajs|@tensorflow\/)/,
  ingest: /^@tensorflow\//,
  suggest: /^(kafkajs|@tensorflow\/)/,
  access: /^(kafkajs|@tensorflow\/)/,
  models: /^(@nestjs\/|typeorm|pg$|kafkajs|express|supertest)/,
  embedded: /^(@nestjs\/|typeorm|kafkajs|@tensorflow\/)/,
  setup: /^(@nestjs\/|typeorm|kafkajs|@tensorflow\/)/,
  records: /^(?!typeorm$|\.)/,
  redaction: /^(@nestjs\/|typeorm|pg$|kafkajs|express|@tensorflow\/)/,
  config: /^(?!zod$|croner$|node:)/,
};

/** Every import of `source` that `forbidden` names, as "file imports what". */
const offences = (forbidden: (source: Source, name: string) => boolean): string[] =>
  sources.flatMap((source) =>
    source.imports.filter((name) => forbidden(source, name)).map((name) => `${source.path} imports ${name}`),
  );

describe('the parts', () => {
  test('are all named here', () => {
    const unknown = [...new Set(sources.map(({ path }) => partOf(path)))].filter(
      (part) => !top.includes(part) && !(part in mayImport),
    );
    expect(unknown).toEqual([]);
  });

  test('import only what stands below them', () => {
    expect(
      offences((source, name) => {
        const part = partOf(source.path);
        if (!name.startsWith('.') || top.includes(part)) return false;
        const target = partOf(relative(root, resolve(root, dirname(source.path), name)).replace(/\.js$/, '.ts'));
        return target !== part && !mayImport[part]?.includes(target);
      }),
    ).toEqual([]);
  });

  test('use only the packages that are theirs', () => {
    expect(
      offences((source, name) => !name.startsWith('.') && Boolean(packagesForbidden[partOf(source.path)]?.test(name))),
    ).toEqual([]);
  });

  test('reach Kafka through one file and TensorFlow through one folder', () => {
    expect(offences((source, name) => name === 'kafkajs' && source.path !== 'src/ingest/kafka.ts')).toEqual([]);
    expect(offences((source, name) => name.startsWith('@tensorflow/') && partOf(source.path) !== 'models')).toEqual([]);
  });
});

describe('the code', () => {
  test('reads the environment in config.ts only', () => {
    const readers = sources.filter(({ path, text }) => path !== 'src/config.ts' && /\bprocess\.env\b/.test(text));
    expect(readers.map(({ path }) => path)).toEqual([]);
  });

  test('has no barrels, no forwardRef and no drawer for everything', () => {
    expect(sources.map(({ path }) => path).filter((path) => basename(path) === 'index.ts')).toEqual([]);
    expect(sources.filter(({ text }) => text.includes('forwardRef(')).map(({ path }) => path)).toEqual([]);
    const drawers = ['src', 'console', 'test', 'bench']
      .flatMap((folder) => filesBelow(folder, /./))
      .filter((path) => statSync(join(root, path)).isDirectory())
      .filter((path) => ['common', 'shared', 'utils', 'helpers', 'misc'].includes(basename(path)));
    expect(drawers).toEqual([]);
  });

  test('keeps every file to 250 lines', () => {
    const generated = join('console', 'src', 'service', 'openapi.d.ts');
    const long = [...filesBelow('src', /\.ts$/), ...filesBelow('console', /\.tsx?$/)]
      .filter((path) => path !== generated)
      .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250);
    expect(long).toEqual([]);
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
