/**
 * TensorFlow's native library and its binding for Node.js.
 *
 * The package's own install script downloads a library of 2022 from a host that many networks block. Instead the library
 * comes from TensorFlow's current Python wheel, and the binding is compiled from the sources in the npm package.
 */
import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Report } from './progress.js';
import { runProgram } from './program.js';
import { SetupError } from './setup-error.js';
import { ensureEntry, formatBytes, type StoreEntry } from './store.js';
import { cpuWheels, gpuWheel, nvidiaWheels, tensorflowVersion } from './tensorflow-wheels.js';
import { fetchWheel, unpackWheel } from './wheels.js';

export type TensorflowFlavour = 'cpu' | 'gpu';

/**
 * Chooses the library for this machine.
 *
 * @param wanted `auto` chooses the GPU if there is an NVIDIA driver
 * @throws SetupError if the machine can't run TensorFlow, or a GPU is required and there is no driver
 */
export function chooseFlavour(wanted: 'auto' | 'cpu' | 'gpu', driver: boolean = hasNvidiaDriver()): TensorflowFlavour {
  requirePlatform();
  if (wanted === 'cpu') return 'cpu';
  const usable = driver && process.arch === 'x64';
  if (wanted === 'gpu' && !usable) {
    throw new SetupError(
      driver
        ? `TENSORFLOW=gpu: TensorFlow supports NVIDIA GPUs on x64 only, not on ${process.arch}.`
        : 'TENSORFLOW=gpu: no NVIDIA driver found (no /dev/nvidiactl, no /dev/dxg); ' +
            'install the driver, pass the GPU to the container, or set TENSORFLOW=cpu.',
    );
  }
  return usable ? 'gpu' : 'cpu';
}

function hasNvidiaDriver(): boolean {
  return existsSync('/dev/nvidiactl') || (existsSync('/dev/dxg') && existsSync('/usr/lib/wsl/lib/libcuda.so.1'));
}

function requirePlatform(): void {
  if (process.platform !== 'linux' || !(process.arch in cpuWheels)) {
    throw new SetupError(
      `TensorFlow's library does not support ${process.platform} on ${process.arch}: use Linux on x64 or arm64, or a container.`,
    );
  }
  if (process.arch === 'x64' && !/^flags\b.*\bavx\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) {
    throw new SetupError("This processor lacks AVX, which TensorFlow's library requires: use a newer machine.");
  }
}

const library = { cc: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };

/** The headers that the binding includes, out of 287 MB in the wheel */
const headers = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
];

/** Store entry of the library: `lib/` to load, `include/` to compile the binding with */
export function libraryEntry(storeDir: string, flavour: TensorflowFlavour, python: string): StoreEntry {
  const main = flavour === 'gpu' ? gpuWheel : cpuWheels[process.arch];
  if (!main) throw new SetupError(`TensorFlow does not support ${process.arch}`);
  const wheels = flavour === 'gpu' ? [main, ...nvidiaWheels] : [main];
  const downloadBytes = wheels.reduce((sum, wheel) => sum + wheel.size, 0);
  return {
    name: `tensorflow-${tensorflowVersion}-${flavour}-${process.arch}`,
    title: `TensorFlow ${tensorflowVersion} for the ${flavour.toUpperCase()}`,
    activity: `downloading ${formatBytes(downloadBytes)}`,
    // Each wheel is removed once it is unpacked; NVIDIA's are compressed less than TensorFlow's.
    bytesNeeded: downloadBytes * (flavour === 'gpu' ? 1.6 : 3.2) + Math.max(...wheels.map((wheel) => wheel.size)),
    async fill(folder, signal) {
      requireGlibc();
      for (const wheel of wheels) {
        const path = await fetchWheel(storeDir, wheel, python, signal);
        const rules = wheel === main ? mainFiles() : { '*/lib/*.so*': 'lib/' };
        await unpackWheel(path, folder, rules, python, signal);
        await rm(path);
      }
    },
  };
}

function mainFiles(): Record<string, string> {
  const names = headers.map((name) => [`tensorflow/include/${name}`, `include/${name}`] as const);
  return {
    [`tensorflow/${library.cc}`]: `lib/${library.cc}`,
    [`tensorflow/${library.framework}`]: `lib/${library.framework}`,
    ...Object.fromEntries(names),
  };
}

function requireGlibc(): void {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime) return;
  throw new SetupError(
    "TensorFlow's library requires glibc, and this system (Alpine?) has another C library: use Debian or Ubuntu, for example.",
  );
}

/** The npm packages that the binding is compiled from, and the path where TensorFlow.js loads it */
function bindingSources(): { folder: string; sources: string[]; nodeHeaders: string; target: string } {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
  const { binary } = JSON.parse(readFileSync(manifest, 'utf8')) as { binary: { napi_versions: number[] } };
  const folder = dirname(manifest);
  return {
    folder,
    sources: ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, 'binding', name)),
    nodeHeaders: join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
    // Every supported Node.js has the newest of these.
    target: join(folder, 'lib', `napi-v${Math.max(...binary.napi_versions)}`),
  };
}

/** Store entry of the compiled binding, named by a hash of everything that it is compiled from */
export function bindingEntry(flavour: TensorflowFlavour, libraryName: string, compiler: string): StoreEntry {
  const { sources, nodeHeaders } = bindingSources();
  const options = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-D_GLIBCXX_USE_CXX11_ABI=1'];
  const key = createHash('sha256').update(JSON.stringify([options, libraryName]));
  for (const path of [...sources, join(nodeHeaders, 'node_api.h')]) key.update(readFileSync(path));
  return {
    name: `tfjs-binding-${flavour}-${key.digest('hex').slice(0, 16)}`,
    title: "TensorFlow's binding for Node.js",
    activity: 'compiling',
    bytesNeeded: 10e6,
    async fill(folder, signal) {
      const tensorflow = join(dirname(folder), libraryName);
      const output = join(folder, 'tfjs_binding.node');
      const args = [
        ...options,
        ...['-I', join(tensorflow, 'include'), '-I', nodeHeaders, ...sources, '-o', output],
        ...['-L', join(tensorflow, 'lib'), `-l:${library.cc}`, `-l:${library.framework}`],
        // Relative, so that the store can be moved; as DT_RPATH, which also applies to what TensorFlow itself loads.
        ...['-Wl,--disable-new-dtags', `-Wl,-rpath,$ORIGIN/../${libraryName}/lib`],
      ];
      const { code, stderr } = await runProgram(compiler, args, { signal });
      if (code !== 0) {
        const reason = stderr.split('\n').find((line) => /error|cannot find|No space/i.test(line)) ?? stderr.trim();
        throw new SetupError(`${compiler} failed to compile TensorFlow's binding: ${reason}`);
      }
    },
  };
}

/** Links the binding where TensorFlow.js loads it: `npm ci` has removed it, or another flavour is linked. */
export async function linkBinding(bindingFolder: string): Promise<void> {
  const { target } = bindingSources();
  if ((await readlink(target).catch(() => undefined)) === bindingFolder) return;
  await mkdir(dirname(target), { recursive: true });
  const existing = await lstat(target).catch(() => undefined);
  if (existing?.isDirectory()) await rm(target, { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await rm(temporary, { force: true });
  await symlink(bindingFolder, temporary);
  await rename(temporary, target);
}

/**
 * Environment variables of a process that loads TensorFlow, besides those of its parent. GPU memory is allocated on demand.
 */
export function tensorflowEnvironment(flavour: TensorflowFlavour, storeDir: string): Record<string, string> {
  if (flavour === 'cpu') return { CUDA_VISIBLE_DEVICES: '-1', TF_CPP_MIN_LOG_LEVEL: '1' };
  return {
    LD_LIBRARY_PATH: join(storeDir, libraryEntry(storeDir, flavour, '').name, 'lib'),
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_CPP_MIN_LOG_LEVEL: '1',
  };
}

/** Installs library and binding. */
export async function ensureTensorflow(
  options: { storeDir: string; flavour: TensorflowFlavour; python: string; compiler: string },
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const { storeDir, flavour, python, compiler } = options;
  const libraryStoreEntry = libraryEntry(storeDir, flavour, python);
  await ensureEntry(storeDir, libraryStoreEntry, report, signal);
  const binding = bindingEntry(flavour, libraryStoreEntry.name, compiler);
  await linkBinding(await ensureEntry(storeDir, binding, report, signal));
}
