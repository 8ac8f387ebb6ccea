/**
 * Reports a training to an MLflow server over its REST API, from the run record in the model's folder: parameters, curves and
 * held-out metrics, no tickets. If the server fails, the report is lost, never the model.
 */
import { readRunRecord, type RunRecord } from '../../models/training/run-record.js';

const experiment = 'replyrank';
const timeoutMs = 10_000;
/** The API's limit is 1,000. */
const maxBatchMetrics = 900;
const maxParamLength = 6000;

interface Metric {
  key: string;
  value: number;
  step: number;
  timestamp: number;
}

/**
 * @param trackingUri with `user:password@` if the server requires it
 * @returns null, or the reason of the failure
 */
export async function reportToMlflow(trackingUri: string, folder: string): Promise<string | null> {
  const { host } = new URL(trackingUri);
  try {
    const record = await readRunRecord(folder);
    await report(new MlflowServer(trackingUri), record);
    return null;
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
    return `the training could not be reported to MLflow at ${host} (${reason}); the model itself is complete`;
  }
}

async function report(server: MlflowServer, record: RunRecord): Promise<void> {
  const startedAt = Date.parse(record.createdAt);
  const { run } = await server.post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: await server.experiment(experiment),
    run_name: record.version,
    start_time: startedAt,
  });
  const { run_id } = run.info;
  const { code, arguments: given, seed, data } = record;
  const values = { ...given, seed, 'data.hash': data.hash, 'data.rows': data.rows, 'data.templates': data.templates };
  const params = Object.entries(values).map(([key, value]) => ({ key, value: toParamValue(value) }));
  const tags = { 'replyrank.version': code.version, 'mlflow.source.git.commit': code.commit ?? '' };
  const metrics = toMetrics(record, startedAt);
  await server.post('runs/log-batch', {
    run_id,
    params,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  for (let start = 0; start < metrics.length; start += maxBatchMetrics) {
    await server.post('runs/log-batch', { run_id, metrics: metrics.slice(start, start + maxBatchMetrics) });
  }
  await server.post('runs/update', { run_id, status: 'FINISHED', end_time: Date.now() });
}

function toParamValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, maxParamLength);
}

function toMetrics(
  { heldOut, baselines, diagnosis, seconds, curves, peakMemoryMb }: RunRecord,
  timestamp: number,
): Metric[] {
  const { top1, hits3, logLoss, slices } = heldOut;
  const figures: Record<string, number> = {
    'held_out/top1': top1,
    'held_out/hits3': hits3,
    'held_out/log_loss': logLoss,
    'baseline/majority': baselines.majority,
    'baseline/nearest_mean': baselines.nearestMean,
    'diagnosis/training': diagnosis.training,
    'diagnosis/ceiling': diagnosis.ceiling,
    peak_memory_mb: peakMemoryMb,
    seconds: Object.values(seconds).reduce((sum, part) => sum + part, 0),
  };
  for (const [part, scores] of Object.entries(slices['head and tail'] ?? {})) {
    figures[`held_out/top1_${part}`] = scores.top1;
  }
  for (const { name, points } of diagnosis.parts) figures[`diagnosis/${name.replaceAll(' ', '_')}`] = points;
  const steps = curves.flatMap(({ training, loss }) =>
    loss.map((value, step) => ({ key: `loss/${training.replaceAll(' ', '_')}`, value, step, timestamp })),
  );
  return [...Object.entries(figures).map(([key, value]) => ({ key, value, step: 0, timestamp })), ...steps];
}

class MlflowServer {
  private readonly root: string;
  private readonly headers: Record<string, string> = { 'content-type': 'application/json' };

  constructor(trackingUri: string) {
    const { origin, pathname, username, password } = new URL(trackingUri);
    this.root = `${origin}${pathname.replace(/\/$/, '')}/api/2.0/mlflow/`;
    if (username) {
      const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
  }

  /** @returns the id of the experiment, which is created if missing */
  async experiment(name: string): Promise<string> {
    const found = (): Promise<string | null> => this.find(name);
    const existing = await found();
    if (existing !== null) return existing;
    try {
      return (await this.post<{ experiment_id: string }>('experiments/create', { name })).experiment_id;
    } catch (error) {
      // Another training may have created it meanwhile.
      const created = await found();
      if (created !== null) return created;
      throw error;
    }
  }

  async post<T = unknown>(path: string, body: object): Promise<T> {
    const answer = await this.request(path, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
    return (await answer.json()) as T;
  }

  private async find(name: string): Promise<string | null> {
    const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
    const answer = await this.request(path, {});
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
    return ((await answer.json()) as { experiment: { experiment_id: string } }).experiment.experiment_id;
  }

  private request(path: string, request: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMs);
    return fetch(this.root + path, { ...request, headers: this.headers, signal });
  }
}
