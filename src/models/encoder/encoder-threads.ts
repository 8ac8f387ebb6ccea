/**
 * How the encoder uses the cores. Products of a few tokens are too small for TensorFlow to parallelise, so the graph itself is
 * split into lanes and shards that run in parallel (docs/lab-book.md).
 */

/** With more cores, each thread of the graph has several. */
const maxThreads = 4;

/** @returns lanes of the graph, and shards of each lane */
export function threadCount(cores: number): number {
  return Math.max(1, Math.min(maxThreads, cores));
}

/**
 * TensorFlow's environment in the process that ranks single tickets: threads per operation, and Eigen's products instead of
 * oneDNN's, which have more overhead per call. Trainings, with large batches, are faster without.
 */
export function threadEnvironment(cores: number): Record<string, string> {
  return { TF_NUM_INTRAOP_THREADS: String(Math.ceil(cores / threadCount(cores))), TF_ENABLE_ONEDNN_OPTS: '0' };
}
