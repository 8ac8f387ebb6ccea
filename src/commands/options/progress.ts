import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** @param note stands behind the bar */
  update(done: number, note?: string): void;
  stop(): void;
}

const lineEveryMs = 5_000;

/**
 * Progress on stderr: a bar on a terminal, elsewhere a line now and then.
 *
 * @param total null where it is not known
 */
export function progressBar(label: string, total: number | null): Progress {
  return process.stderr.isTTY && total !== null ? bar(label, total) : lines(label, total);
}

function bar(label: string, total: number): Progress {
  const shown = new SingleBar(
    {
      stream: process.stderr,
      format: `${label} [{bar}] {percentage} % {note}`,
      hideCursor: true,
      clearOnComplete: false,
    },
    Presets.legacy,
  );
  shown.start(total, 0, { note: '' });
  return {
    update: (done, note) => shown.update(Math.min(done, total), note === undefined ? {} : { note }),
    stop: () => shown.stop(),
  };
}

function lines(label: string, total: number | null): Progress {
  let last = Date.now();
  return {
    update: (done, note = '') => {
      if (Date.now() - last < lineEveryMs) return;
      last = Date.now();
      const share = total === null ? `${Math.round(done)}` : `${Math.floor((100 * done) / total)} %`;
      process.stderr.write(`${label}: ${note ? `${note}, ` : ''}${share}\n`);
    },
    stop: () => undefined,
  };
}

/** One bar for each phase of a training. */
export function trainingProgress(): (phase: string, done: number | null, note?: string) => void {
  let current: { phase: string; bar: Progress } | null = null;
  return (phase, done, note) => {
    if (current?.phase !== phase) {
      current?.bar.stop();
      current = { phase, bar: progressBar(phase.padEnd(28), done === null ? null : 1) };
    }
    current.bar.update(done ?? 0, note);
    if (done !== null && done >= 1) current.bar.stop();
  };
}
