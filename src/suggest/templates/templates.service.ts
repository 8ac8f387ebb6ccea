import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { lockNameInTransaction } from '../../database/advisory-locks.js';
import { TemplateRevision } from '../../records/templates/template-revision.entity.js';
import { Template } from '../../records/templates/template.entity.js';
import { InvalidMerge, mergeChain, orderTargetsFirst } from './merges.js';
import { requestRankingForOpenTickets } from '../requests/ranking-request.js';
import type { ImportedTemplate, NewTemplate, TemplateChange } from './template-text.js';
import { notifyReload, notifyTemplates } from '../../events/change-events.js';

export interface ImportedTemplates {
  added: number;
  changed: number;
  unchanged: number;
}

/** Result of an import for one template. */
export interface TemplateImportResult {
  id: string;
  result: keyof ImportedTemplates;
  /** Null for a new template */
  before: Template | null;
  after: NewTemplate;
}

/** The template has changed since the revision that a change is based on. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionPassed';
}

/** Templates and their history. A change of the active templates re-ranks the open tickets. */
@Injectable()
export class TemplatesService {
  constructor(private readonly dataSource: DataSource) {}

  /** A page of templates by id, starting after `after`. */
  list(filter: { state?: string | undefined; after?: string | undefined; limit: number }): Promise<Template[]> {
    const query = this.dataSource.getRepository(Template).createQueryBuilder('t').orderBy('t.id').limit(filter.limit);
    if (filter.state) query.andWhere('t.state = :state', { state: filter.state });
    if (filter.after) query.andWhere('t.id > :after', { after: filter.after });
    return query.getMany();
  }

  async get(id: string): Promise<(Template & { history: Omit<TemplateRevision, 'templateId'>[] }) | null> {
    const template = await this.dataSource.getRepository(Template).findOneBy({ id });
    if (!template) return null;
    const history = await this.dataSource
      .getRepository(TemplateRevision)
      .find({ where: { templateId: id }, order: { revision: 'DESC' } });
    return Object.assign(template, { history: history.map(({ templateId, ...revision }) => revision) });
  }

  /**
   * @returns null if the id is already used
   * @throws MergeRefused
   */
  create(template: NewTemplate, actor: string): Promise<Template | null> {
    return this.dataSource.transaction(async (manager) => {
      if (await lockTemplate(manager, template.id)) return null;
      const wanted = await applyMerge(manager, null, template);
      const saved = await save(manager, { ...wanted, revision: 1, sample: false }, actor);
      if (saved.state === 'allowed') await requestRankingForOpenTickets(manager, 'template');
      await notifyTemplates(manager);
      return saved;
    });
  }

  /**
   * @returns null if the template does not exist
   * @throws MergeRefused
   * @throws RevisionPassed where the change is of another revision
   */
  change(id: string, { revision, ...change }: TemplateChange, actor: string): Promise<Template | null> {
    return this.dataSource.transaction(async (manager) => {
      const old = await lockTemplate(manager, id);
      if (!old) return null;
      if (revision !== undefined && revision !== old.revision) {
        throw new RevisionConflict(
          `template ${id} has revision ${old.revision} now; reload it and apply the change again`,
        );
      }
      const next = Object.assign({}, old, await applyMerge(manager, old, { ...change, id }));
      if (isSame(old, next)) return old;
      const saved = await save(manager, Object.assign(next, { revision: old.revision + 1 }), actor);
      if (old.state === 'allowed' || next.state === 'allowed' || old.mergedInto !== next.mergedInto) {
        await requestRankingForOpenTickets(manager, 'template');
        await notifyReload(manager);
      }
      await notifyTemplates(manager);
      return saved;
    });
  }
}

/**
 * Creates or updates many templates. Unchanged templates are skipped, so an import can be repeated. An existing template keeps its
 * state and its merge unless the file changes them.
 *
 * @throws MergeRefused
 */
export async function importTemplates(
  manager: EntityManager,
  templates: ImportedTemplate[],
  options: { actor: string; sample?: boolean; onEach?: (one: TemplateImportResult) => void },
): Promise<ImportedTemplates> {
  const counts: ImportedTemplates = { added: 0, changed: 0, unchanged: 0 };
  for (const row of orderTargetsFirst(templates)) {
    const { result, old, template } = await importTemplate(manager, row, options);
    counts[result] += 1;
    options.onEach?.({ id: row.id, result, before: old, after: template });
  }
  if (counts.added + counts.changed > 0) {
    await requestRankingForOpenTickets(manager, 'template');
    await notifyTemplates(manager);
  }
  if (counts.changed > 0) await notifyReload(manager);
  return counts;
}

async function importTemplate(
  manager: EntityManager,
  row: ImportedTemplate,
  { actor, sample = false }: { actor: string; sample?: boolean },
): Promise<{ result: keyof ImportedTemplates; old: Template | null; template: NewTemplate }> {
  const old = await lockTemplate(manager, row.id);
  const wanted: NewTemplate = {
    ...row,
    state: row.state ?? old?.state ?? 'allowed',
    mergedInto: row.mergedInto === undefined && old?.mergedInto ? old.mergedInto : row.mergedInto,
  };
  const template = await applyMerge(manager, old, wanted);
  if (old && isSame(old, template)) return { result: 'unchanged', old, template };
  const revision = (old?.revision ?? 0) + 1;
  await save(manager, Object.assign({}, old, template, { sample: old?.sample ?? sample, revision }), actor);
  return { result: old ? 'changed' : 'added', old, template };
}

/** Locks a template against concurrent changes and creation until the transaction ends. */
async function lockTemplate(manager: EntityManager, id: string): Promise<Template | null> {
  await lockNameInTransaction(manager, `template ${id}`);
  return manager.getRepository(Template).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
}

async function save(
  manager: EntityManager,
  template: Omit<Template, 'createdAt' | 'updatedAt'> & Partial<Pick<Template, 'createdAt'>>,
  actor: string,
): Promise<Template> {
  const { id, title, body, contactTypes, state, mergedInto, revision } = template;
  const now = new Date();
  const saved = await manager
    .getRepository(Template)
    .save(Object.assign({ createdAt: now }, template, { updatedAt: now }));
  await manager.getRepository(TemplateRevision).insert({
    templateId: id,
    revision,
    title,
    body,
    contactTypes,
    state,
    mergedInto,
    changedBy: actor,
    changedAt: now,
  });
  return saved;
}

/**
 * Applies the merge of a change: a merged template is retired.
 *
 * @throws MergeRefused where that can't be, or a merged template is reactivated without undoing its merge
 */
async function applyMerge<T extends Partial<NewTemplate> & { id: string }>(
  manager: EntityManager,
  old: Template | null,
  wanted: T,
): Promise<T & { mergedInto: string | null }> {
  const mergedInto = wanted.mergedInto === undefined ? (old?.mergedInto ?? null) : wanted.mergedInto;
  if (mergedInto === null) return { ...wanted, mergedInto };
  const { id, state } = wanted;
  if (wanted.mergedInto === undefined && state !== undefined && state !== 'retired') {
    throw new InvalidMerge(
      `template ${id} is merged into ${mergedInto}; set "mergedInto" to null to make it ${state} again`,
    );
  }
  // Concurrent merges could form a cycle.
  await lockNameInTransaction(manager, 'merged templates');
  const rows: { id: string; mergedInto: string | null }[] = await manager.query(
    'SELECT id, merged_into AS "mergedInto" FROM templates',
  );
  mergeChain(id, mergedInto, new Map([...rows.map((row) => [row.id, row.mergedInto] as const), [id, mergedInto]]));
  return { ...wanted, mergedInto, state: 'retired' };
}

function isSame(a: Template, b: NewTemplate): boolean {
  const types = (template: NewTemplate): string => template.contactTypes.join('\n');
  return (
    a.title === b.title &&
    a.body === b.body &&
    types(a) === types(b) &&
    a.state === b.state &&
    a.mergedInto === (b.mergedInto ?? null)
  );
}
