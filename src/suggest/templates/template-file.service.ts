import { HttpStatus, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ProblemException } from '../../http/problem.js';
import { MergeRefused } from './merges.js';
import { readImport, type ImportFormat, type ImportProblem } from './template-import.js';
import type { NewTemplate } from './template-text.js';
import { importTemplates, type ImportedOne, type ImportedTemplates } from './templates.service.js';

/** What an import does to one template. */
export interface ImportedLine {
  line: number;
  id: string;
  title: string;
  result: ImportedOne['result'];
  /** What is another afterwards, of a template that was there */
  changes: (keyof NewTemplate)[];
}

export interface ImportAnswer extends ImportedTemplates {
  items: ImportedLine[];
}

const mostProblems = 100;

/** All templates as one file, out and in again. */
@Injectable()
export class TemplateFileService {
  constructor(private readonly dataSource: DataSource) {}

  async export(): Promise<string> {
    const templates = await exportedTemplates(this.dataSource.manager);
    return templates.map((template) => `${JSON.stringify(template)}\n`).join('');
  }

  /**
   * Imports all templates of a file, or none.
   *
   * @param dryRun does the same and takes it back, so what is said is what would be done
   * @throws ProblemException 422 naming the line of everything that is wrong, 409 for merges that can't be
   */
  async import(
    { text, format, dryRun }: { text: string; format: ImportFormat; dryRun: boolean },
    actor: string,
  ): Promise<ImportAnswer> {
    const { lines, problems } = readImport(text, format);
    if (problems.length > 0) throw wrongLines(problems);
    const lineOf = new Map(lines.map(({ line, template }) => [template.id, line]));
    const items: ImportedLine[] = [];
    const onEach = ({ id, result, before, after }: ImportedOne): void => {
      const changes =
        before === null ? [] : changed.filter((name) => String(before[name] ?? '') !== String(after[name] ?? ''));
      items.push({ line: lineOf.get(id) ?? 0, id, title: after.title, result, changes });
    };
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const templates = lines.map(({ template }) => template);
      const figures = await importTemplates(runner.manager, templates, { actor, onEach });
      if (dryRun) await runner.rollbackTransaction();
      else await runner.commitTransaction();
      return { ...figures, items: items.toSorted((a, b) => a.line - b.line) };
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      if (error instanceof MergeRefused) throw new ProblemException(HttpStatus.CONFLICT, error.message);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

const changed = ['title', 'body', 'contactTypes', 'state', 'mergedInto'] as const;

function wrongLines(problems: ImportProblem[]): ProblemException {
  const [first] = problems;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  return new ProblemException(
    HttpStatus.UNPROCESSABLE_ENTITY,
    `nothing was imported: line ${first?.line}: ${first?.message}${more}`,
    problems.slice(0, mostProblems).map(({ line, message }) => ({ field: `line ${line}`, message })),
  );
}

/** In the form that import reads. */
export function exportedTemplates(manager: EntityManager): Promise<NewTemplate[]> {
  return manager.query(
    'SELECT id, title, body, contact_types AS "contactTypes", state, merged_into AS "mergedInto" FROM templates ORDER BY id',
  );
}
