/**
 * The only import of TensorFlow. Used in the model's and the jobs' own processes, never in the web process: every operation blocks
 * its thread.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

export type Tensorflow = typeof import('@tensorflow/tfjs-node-gpu');
export type { NamedTensorMap, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node-gpu';

export type Device = 'cpu' | 'gpu';

/** TensorFlow can't be used as configured. */
export class TensorflowError extends Error {
  override readonly name = 'TensorflowError';
}

/** TensorFlow.js 4.22 calls two functions of `util` that Node.js 23 removed. */
function restoreRemovedFunctions(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

/**
 * Loads TensorFlow.
 *
 * @param wanted `gpu` fails where TensorFlow finds none; by itself it would silently use the CPU
 * @returns the library and its device
 * @throws TensorflowError with what to do
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
  const device = detectDevice(tf);
  if (wanted === 'gpu' && device === 'cpu') {
    throw new TensorflowError(
      'TENSORFLOW=gpu: TensorFlow finds no usable GPU (driver too old, or CUDA libraries missing; see its log lines above). Set TENSORFLOW=cpu to run without.',
    );
  }
  return { tf, device, version: nativeBackend(tf).binding.TF_Version };
}

export const detectDevice = (tf: Tensorflow): Device => (nativeBackend(tf).isUsingGpuDevice ? 'gpu' : 'cpu');

/** bfloat16 where the processor supports it (Intel AMX, AVX-512 BF16): a third faster, with sums in float32. */
export async function productPrecision(tf: Tensorflow): Promise<'float32' | 'bfloat16'> {
  if (detectDevice(tf) === 'gpu') return 'float32';
  const about = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /\b(amx_bf16|avx512_bf16)\b/.test(about) ? 'bfloat16' : 'float32';
}

interface Backend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

const nativeBackend = (tf: Tensorflow): Backend => tf.backend() as unknown as Backend;
