import { HttpStatus, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ProblemException } from '../../http/problem.js';
import { InvalidMerge } from './merges.js';
import { parseTemplateFile, type ImportFormat, type ImportProblem } from './template-import.js';
import type { NewTemplate } from './template-text.js';
import { importTemplates, type TemplateImportResult, type ImportedTemplates } from './templates.service.js';

/** Result of an import for one line. */
export interface ImportedLine {
  line: number;
  id: string;
  title: string;
  result: TemplateImportResult['result'];
  /** Changed members of an existing template */
  changes: (keyof NewTemplate)[];
}

export interface ImportAnswer extends ImportedTemplates {
  items: ImportedLine[];
}

const maxProblems = 100;

/** Export and import of all templates as one file. */
@Injectable()
export class TemplateFileService {
  constructor(private readonly dataSource: DataSource) {}

  async export(): Promise<string> {
    const templates = await exportTemplates(this.dataSource.manager);
    return templates.map((template) => `${JSON.stringify(template)}\n`).join('');
  }

  /**
   * Imports all templates of a file, or none.
   *
   * @param dryRun runs the same import and rolls it back
   * @throws ProblemException 422 with the line of every error, 409 for invalid merges
   */
  async import(
    { text, format, dryRun }: { text: string; format: ImportFormat; dryRun: boolean },
    actor: string,
  ): Promise<ImportAnswer> {
    const { lines, problems } = parseTemplateFile(text, format);
    if (problems.length > 0) throw invalidLines(problems);
    const lineOf = new Map(lines.map(({ line, template }) => [template.id, line]));
    const items: ImportedLine[] = [];
    const onEach = ({ id, result, before, after }: TemplateImportResult): void => {
      const changes =
        before === null
          ? []
          : comparedFields.filter((name) => String(before[name] ?? '') !== String(after[name] ?? ''));
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
      if (error instanceof InvalidMerge) throw new ProblemException(HttpStatus.CONFLICT, error.message);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

const comparedFields = ['title', 'body', 'contactTypes', 'state', 'mergedInto'] as const;

function invalidLines(problems: ImportProblem[]): ProblemException {
  const [first] = problems;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  return new ProblemException(
    HttpStatus.UNPROCESSABLE_ENTITY,
    `nothing was imported: line ${first?.line}: ${first?.message}${more}`,
    problems.slice(0, maxProblems).map(({ line, message }) => ({ field: `line ${line}`, message })),
  );
}

/** In the format that import reads. */
export function exportTemplates(manager: EntityManager): Promise<NewTemplate[]> {
  return manager.query(
    'SELECT id, title, body, contact_types AS "contactTypes", state, merged_into AS "mergedInto" FROM templates ORDER BY id',
  );
}
