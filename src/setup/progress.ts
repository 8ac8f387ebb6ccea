/** Takes one line of progress for the person who waits: no newline, no figures that a program would read. */
export type Report = (line: string) => void;
