/** What the service says as data, so that a page can say it in its reader's language. */
export interface Saying {
  key: string;
  values: Record<string, string | number>;
}
