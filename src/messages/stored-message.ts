/** A sentence as data: its key in the message files, and its parameters. */
export interface LocalizedMessage {
  key: string;
  params: Record<string, string | number>;
}
