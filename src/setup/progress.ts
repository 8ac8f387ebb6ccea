/** Prints a line of progress for people, without a newline; figures for programs go to standard output. */
export type Report = (line: string) => void;
