/**
 * The only door to TensorFlow. Imported in the model's and the training's own processes, never in the web process: every
 * operation blocks the thread that calls it.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

export type Tensorflow = typeof import('@tensorflow/tfjs-node-gpu');
export type { NamedTensorMap, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node-gpu';

export type Device = 'cpu' | 'gpu';

/** TensorFlow can't be used as asked for. */
export class TensorflowError extends Error {
  override readonly name = 'TensorflowError';
}

/** TensorFlow.js 4.22 calls two functions of `util` that Node.js 23 took away. */
function restoreRemovedFunctions(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

/**
 * Loads TensorFlow.
 *
 * @param wanted `gpu` is an error where TensorFlow finds none: it would go on with the CPU in silence
 * @returns the library and the device that it computes on
 * @throws TensorflowError saying what to do
 */
export async function loadTensorflow(wanted: Device): Promise<{ tf: Tensorflow; device: Device; version: string }> {
  restoreRemovedFunctions();
  let tf: Tensorflow;
  try {
    tf = await import('@tensorflow/tfjs-node-gpu');
    await tf.ready();
  } catch (error) {
    throw new TensorflowError(
      `TensorFlow can't be loaded: run "npx replyrank setup" (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  if (tf.getBackend() !== 'tensorflow') throw new TensorflowError(`TensorFlow's backend is ${tf.getBackend()}`);
  const device = deviceOf(tf);
  if (wanted === 'gpu' && device === 'cpu') {
    throw new TensorflowError(
      'TENSORFLOW=gpu: TensorFlow finds no usable GPU (driver too old, or CUDA libraries missing; its own lines above say which). Set TENSORFLOW=cpu to go on without.',
    );
  }
  return { tf, device, version: backendOf(tf).binding.TF_Version };
}

/** What TensorFlow computes on. */
export const deviceOf = (tf: Tensorflow): Device => (backendOf(tf).isUsingGpuDevice ? 'gpu' : 'cpu');

/** bfloat16 where the processor multiplies it itself (Intel AMX, AVX-512 BF16): a third faster, with sums in float32. */
export async function productPrecision(tf: Tensorflow): Promise<'float32' | 'bfloat16'> {
  if (deviceOf(tf) === 'gpu') return 'float32';
  const about = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /\b(amx_bf16|avx512_bf16)\b/.test(about) ? 'bfloat16' : 'float32';
}

interface Backend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

const backendOf = (tf: Tensorflow): Backend => tf.backend() as unknown as Backend;
