import type { FieldValue, RankInput } from '../ranker.js';

/** Column names. A missing one falls back to its default, if the file has that column. */
export interface Columns {
  text?: string | undefined;
  subject?: string | undefined;
  body?: string | undefined;
  /** The right template's id; default `template` */
  label?: string | undefined;
  /** Default `contactType` */
  contactType?: string | undefined;
  /** Default `occurredAt` */
  date?: string | undefined;
  /** Structured fields. No other column is ever a feature: a stray one could leak the label. */
  fields?: readonly string[] | undefined;
  /** Label value meaning "no template" */
  noneLabel?: string | undefined;
}

export interface DataRow {
  /** Line of the file, from 1; the last one of a multi-line row */
  line: number;
  /** `source:ticketId`, from the column `id`; null without one */
  id: string | null;
  subject: string;
  body: string;
  /** Null where no template fits, or where the file has no labels. */
  label: string | null;
  /** Labelled with "no template": never a class */
  noneFits: boolean;
  contactType: string | null;
  occurredAt: Date | null;
  channel: string | null;
  language: string | null;
  fields: Record<string, FieldValue>;
}

/** The file can't be used. The message starts with file and line. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';

  constructor(
    file: string,
    readonly line: number | null,
    readonly problem: string,
  ) {
    super(`${file}${line === null ? '' : `:${line}`}: ${problem}`);
  }
}

/** A raw row, by column. */
export type Cells = Record<string, unknown>;

/** Reads rows by the columns of a header. */
export class RowReader {
  private readonly textParts: { subject: string | null; body: string };
  private readonly label: string | null;

  constructor(
    private readonly file: string,
    private readonly columns: Columns,
    private readonly present: string[],
    labels: 'required' | 'optional',
  ) {
    this.textParts = this.findText();
    for (const [flag, name] of [
      ['--contact-type-column', columns.contactType],
      ['--date-column', columns.date],
      ...(columns.fields ?? []).map((field) => ['--fields', field] as const),
    ] as const) {
      if (name !== undefined) this.required(name, flag);
    }
    const label = columns.label ?? 'template';
    const isThere = present.includes(label);
    if (!isThere && (labels === 'required' || columns.label !== undefined)) this.required(label, '--label-column');
    this.label = isThere ? label : null;
  }

  row(cells: Cells, line: number): DataRow {
    const { columns } = this;
    const label = this.label === null ? null : this.labelOf(cells, line, this.label);
    const noneFits = this.label !== null && label === null;
    const { subject, body } = this.textParts;
    return {
      line,
      id: this.string(cells, 'id', line) || null,
      subject: subject === null ? '' : this.string(cells, subject, line),
      body: this.string(cells, body, line),
      label,
      noneFits,
      contactType: this.string(cells, columns.contactType ?? 'contactType', line) || null,
      occurredAt: this.date(cells, columns.date ?? 'occurredAt', line),
      channel: this.string(cells, 'channel', line) || null,
      language: this.string(cells, 'language', line) || null,
      fields: Object.fromEntries((columns.fields ?? []).map((name) => [name, this.field(cells, name, line)])),
    };
  }

  private findText(): { subject: string | null; body: string } {
    const { text, subject, body } = this.columns;
    if (text !== undefined) return { subject: null, body: this.required(text, '--text-column') };
    if (subject !== undefined || body !== undefined) {
      return {
        subject: subject === undefined ? null : this.required(subject, '--subject-column'),
        body: this.required(body ?? 'body', '--body-column'),
      };
    }
    if (this.present.includes('text')) return { subject: null, body: 'text' };
    if (this.present.includes('body'))
      return { subject: this.present.includes('subject') ? 'subject' : null, body: 'body' };
    return { subject: null, body: this.required('text', '--text-column') };
  }

  private required(name: string, flag: string): string {
    if (this.present.includes(name)) return name;
    const listed = this.present.slice(0, 12).map((column) => `"${column.slice(0, 40)}"`);
    const more = this.present.length > 12 ? ` and ${this.present.length - 12} more` : '';
    const [only = ''] = this.present;
    const hint =
      this.present.length === 1 && only.includes(';')
        ? '; columns must be comma-separated, or tab-separated in a .tsv file'
        : '';
    throw new DataFileError(
      this.file,
      1,
      `no column "${name}" (${flag}); the header has ${listed.join(', ')}${more}${hint}`,
    );
  }

  private labelOf(cells: Cells, line: number, column: string): string | null {
    const label = this.string(cells, column, line).trim();
    const { noneLabel } = this.columns;
    if (label !== '' && label !== noneLabel) return label;
    if (noneLabel !== undefined) return null;
    throw new DataFileError(
      this.file,
      line,
      `column "${column}": empty label; if it means "no template", set --none-label`,
    );
  }

  private string(cells: Cells, column: string, line: number): string {
    const value = cells[column];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value.toWellFormed();
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new DataFileError(
      this.file,
      line,
      `column "${column}": must be text, not ${Array.isArray(value) ? 'a list' : 'an object'}`,
    );
  }

  private date(cells: Cells, column: string, line: number): Date | null {
    const value = this.string(cells, column, line);
    if (value === '') return null;
    const date = new Date(value);
    if (!Number.isNaN(date.getTime())) return date;
    throw new DataFileError(
      this.file,
      line,
      `column "${column}": "${value.slice(0, 40)}" is not a date; use the format 2026-11-23T09:14:00Z`,
    );
  }

  /** Parses numbers and booleans; "007" stays text. */
  private field(cells: Cells, column: string, line: number): FieldValue {
    const value = cells[column];
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    const text = this.string(cells, column, line).trim();
    if (text === '') return null;
    if (/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return Number(text);
    return text === 'true' || text === 'false' ? text === 'true' : text;
  }
}

/** The input of a ranker; with the helpdesk's own contact type only if `withContactType`. */
export function toRankInput(row: DataRow, withContactType: boolean): RankInput {
  const { subject, body, channel, language, contactType, fields } = row;
  return { subject, body, channel, language, contactType: withContactType ? contactType : null, fields };
}
