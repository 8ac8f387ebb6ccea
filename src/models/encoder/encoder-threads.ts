/**
 * How the encoder shares the processor. Products of a few tokens are too small to be cut by TensorFlow, which wakes threads
 * for each of them; the graph itself is cut instead, into lanes and shards that run side by side (docs/lab-book.md).
 */

/** With more cores than that, each part has more than one. */
const maxThreads = 4;

/** @returns lanes of the encoder's graph, and shards of each */
export function threadCount(cores: number): number {
  return Math.max(1, Math.min(maxThreads, cores));
}

/**
 * What TensorFlow is told in the environment of a process that ranks single tickets: threads within one operation, and
 * Eigen's products instead of oneDNN's, which cost more to begin. What bears many tickets at once does better without.
 */
export function threadEnvironment(cores: number): Record<string, string> {
  return { TF_NUM_INTRAOP_THREADS: String(Math.ceil(cores / threadCount(cores))), TF_ENABLE_ONEDNN_OPTS: '0' };
}
