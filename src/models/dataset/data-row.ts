import { DataFileError } from '../../files/data-file-error.js';
import { isNumericDate, readDate, type DayMonthOrder } from '../../files/dates.js';
import { widthProblem } from '../../files/delimited-text.js';
import { readNumber } from '../../json/parse-json.js';
import { prepareTicket } from '../../preparation/prepare-ticket.js';
import type { RedactionLevel } from '../../redaction/redaction.js';
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
  /** Format of the dates; default: ISO 8601 and other dates with one meaning */
  dateFormat?: string | undefined;
  /** IANA time zone of dates without one; default: UTC */
  timeZone?: string | undefined;
  /** Structured fields. No other column is ever a feature: a stray one could leak the label. */
  fields?: readonly string[] | undefined;
  /** Label value meaning "no template" */
  noneLabel?: string | undefined;
  /**
   * How rows are prepared, the same way as tickets that arrive; default `standard`. `none`: they are prepared already, or the
   * caller prepares them.
   */
  redaction?: RedactionLevel | 'none' | undefined;
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

/** A raw row, by column. */
export type Cells = Record<string, unknown>;

/** Reads rows by the columns of a header. */
export class RowReader {
  /** Of the numeric dates; null until it is known */
  dayMonthOrder: DayMonthOrder | null = null;
  private readonly textParts: { subject: string | null; body: string };
  private readonly label: string | null;

  constructor(
    private readonly file: string,
    private readonly columns: Columns,
    private readonly present: readonly string[],
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
    this.checkRepeated();
  }

  /** Columns that are read. Others may be repeated, unnamed or missing in a row. */
  private get needed(): string[] {
    const { columns, label } = this;
    const { subject, body } = this.textParts;
    const names = [
      subject,
      body,
      label,
      this.dateColumn,
      columns.contactType ?? 'contactType',
      ...(columns.fields ?? []),
    ];
    return [...names.filter((name) => name !== null), 'id', 'channel', 'language'].filter((name) =>
      this.present.includes(name),
    );
  }

  private get dateColumn(): string {
    return this.columns.date ?? 'occurredAt';
  }

  private checkRepeated(): void {
    const repeated = this.needed.find((name) => this.present.indexOf(name) < this.present.lastIndexOf(name));
    if (repeated !== undefined) {
      throw new DataFileError(this.file, 1, `duplicate column "${repeated}" in the header`);
    }
  }

  /** Whether the order of day and month must be found before the row can be read. */
  needsDayMonthOrder(cells: Cells): boolean {
    return this.dayMonthOrder === null && this.columns.dateFormat === undefined && isNumericDate(this.dateText(cells));
  }

  dateText(cells: Cells): string {
    const value = cells[this.dateColumn];
    return typeof value === 'string' ? value : '';
  }

  /** @param width number of cells in a row of CSV; null in JSON */
  row({ cells, line, width }: { cells: Cells; line: number; width: number | null }): DataRow {
    const { columns } = this;
    if (width !== null && width < this.present.length) {
      const isShort = this.needed.some((name) => this.present.indexOf(name) >= width);
      if (isShort) throw new DataFileError(this.file, line, widthProblem(this.present.length, width));
    }
    const label = this.label === null ? null : this.labelOf(cells, line, this.label);
    const noneFits = this.label !== null && label === null;
    const { subject, body } = this.textParts;
    const { redaction = 'standard' } = columns;
    const row = {
      line,
      id: this.string(cells, 'id', line) || null,
      subject: subject === null ? '' : this.string(cells, subject, line),
      body: this.string(cells, body, line),
      label,
      noneFits,
      contactType: this.string(cells, columns.contactType ?? 'contactType', line) || null,
      occurredAt: this.date(cells, line),
      channel: this.string(cells, 'channel', line) || null,
      language: this.string(cells, 'language', line) || null,
      fields: Object.fromEntries((columns.fields ?? []).map((name) => [name, this.field(cells, name, line)])),
    };
    return redaction === 'none' ? row : prepareTicket(row, redaction);
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
    throw new DataFileError(this.file, 1, `no column "${name}" (${flag}); the header has ${listed.join(', ')}${more}`);
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

  private date(cells: Cells, line: number): Date | null {
    const column = this.dateColumn;
    const value = this.string(cells, column, line);
    if (value.trim() === '') return null;
    const { dateFormat: format, timeZone } = this.columns;
    const date = readDate(value, { format, timeZone }, () => this.dayMonthOrder ?? 'either');
    if (date instanceof Date) return date;
    throw new DataFileError(this.file, line, `column "${column}": ${date}`);
  }

  /** Parses numbers and booleans; "007" stays text. */
  private field(cells: Cells, column: string, line: number): FieldValue {
    const value = cells[column];
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    const text = this.string(cells, column, line).trim();
    if (text === '') return null;
    if (/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return readNumber(text);
    return text === 'true' || text === 'false' ? text === 'true' : text;
  }
}

/** The input of a ranker; with the helpdesk's own contact type only if `withContactType`. */
export function toRankInput(row: DataRow, withContactType: boolean): RankInput {
  const { subject, body, channel, language, contactType, fields } = row;
  return { subject, body, channel, language, contactType: withContactType ? contactType : null, fields };
}
