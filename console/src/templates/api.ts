/** What the pages of the templates ask the service. */
import { call, sent } from '../service/api.js';
import type { Page, TicketRow } from '../service/api-types.js';
import type { components } from '../service/openapi.js';

type Schemas = components['schemas'];

export type Template = Schemas['Template'];
export type TemplateWithHistory = Schemas['TemplateWithHistory'];
export type Revision = Schemas['TemplateRevision'];
export type NewTemplate = Schemas['NewTemplate'];
export type TemplateChange = Schemas['TemplateChange'];
export type AllFigures = Schemas['TemplatesFigures'];
export type Figures = AllFigures['items'][number];
export type Statistics = Schemas['TemplateStatistics'];
export type Placeholders = Schemas['PlaceholderNames'];
export type ImportBody = Schemas['TemplateImport'];
export type Imported = Schemas['ImportedTemplates'];

const one = (id: string): string => `templates/${encodeURIComponent(id)}`;

export async function allTemplates(): Promise<Template[]> {
  const all: Template[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<Template> = await call(`templates?limit=500${after}`);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

export const template = (id: string): Promise<TemplateWithHistory> => call(one(id));
export const figures = (days: number): Promise<AllFigures> => call(`template-statistics?days=${days}`);
export const statistics = (id: string, days: number): Promise<Statistics> =>
  call(`template-statistics/${encodeURIComponent(id)}?days=${days}`);
export const placeholders = (): Promise<Placeholders> => call('placeholders');
/** To try a text on, where it has answered none yet. */
export const newestTickets = async (): Promise<TicketRow[]> =>
  (await call<Page<TicketRow>>('tickets?state=all&limit=8')).items;

export const create = (body: NewTemplate): Promise<Template> => call('templates', sent('POST', body));
export const change = (id: string, body: TemplateChange): Promise<Template> => call(one(id), sent('PATCH', body));
export const load = (body: ImportBody): Promise<Imported> => call('template-file', sent('POST', body));

/** A link that downloads all templates. */
export const exportPath = '/api/v1/template-file';
