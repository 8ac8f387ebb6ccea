/**
 * TensorFlow's native library and the binding that Node.js reaches it through.
 *
 * The package's own install script downloads a library of 2022 from a host that many networks close. Instead the library
 * is taken out of TensorFlow's current Python wheel, and the binding is compiled from the sources in the npm package.
 */
import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Report } from './progress.js';
import { runProgram } from './program.js';
import { SetupError } from './setup-error.js';
import { ensureEntry, readableSize, type StoreEntry } from './store.js';
import { cpuWheels, gpuWheel, nvidiaWheels, tensorflowVersion } from './tensorflow-wheels.js';
import { fetchWheel, unpackWheel } from './wheels.js';

export type TensorflowFlavour = 'cpu' | 'gpu';

/**
 * Decides which library this machine gets.
 *
 * @param wanted `auto` takes the GPU's where there is an NVIDIA driver
 * @throws SetupError where the machine can't run TensorFlow, or a GPU is asked for and there is no driver
 */
export function chooseFlavour(wanted: 'auto' | 'cpu' | 'gpu', driver: boolean = hasNvidiaDriver()): TensorflowFlavour {
  requirePlatform();
  if (wanted === 'cpu') return 'cpu';
  const usable = driver && process.arch === 'x64';
  if (wanted === 'gpu' && !usable) {
    throw new SetupError(
      driver
        ? `TENSORFLOW=gpu: there is no TensorFlow with NVIDIA support for ${process.arch}; only x64 has one.`
        : 'TENSORFLOW=gpu: no NVIDIA driver was found on this machine (no /dev/nvidiactl, no /dev/dxg); ' +
            'install the driver, hand the GPU to the container, or set TENSORFLOW=cpu.',
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
      `TensorFlow's library is not made for ${process.platform} on ${process.arch}: use Linux on x64 or arm64, or a container of it.`,
    );
  }
  if (process.arch === 'x64' && !/^flags\b.*\bavx\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) {
    throw new SetupError("This processor lacks AVX, which TensorFlow's library needs: use a newer machine.");
  }
}

const library = { cc: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };

/** The headers that the binding includes, of the 287 MB that the wheel has. */
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

/** The store's entry for the library: `lib/` with everything to load, `include/` with what the binding is built with. */
export function libraryEntry(storeDir: string, flavour: TensorflowFlavour, python: string): StoreEntry {
  const main = flavour === 'gpu' ? gpuWheel : cpuWheels[process.arch];
  if (!main) throw new SetupError(`There is no TensorFlow for ${process.arch}`);
  const wheels = flavour === 'gpu' ? [main, ...nvidiaWheels] : [main];
  const fetched = wheels.reduce((sum, wheel) => sum + wheel.size, 0);
  return {
    name: `tensorflow-${tensorflowVersion}-${flavour}-${process.arch}`,
    title: `TensorFlow ${tensorflowVersion} for the ${flavour.toUpperCase()}`,
    doing: `fetching ${readableSize(fetched)}`,
    // Unpacked, each wheel is removed before the next is fetched; NVIDIA's are packed less well than TensorFlow's.
    bytesNeeded: fetched * (flavour === 'gpu' ? 1.6 : 3.2) + Math.max(...wheels.map((wheel) => wheel.size)),
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
    "TensorFlow's library needs glibc, and this system (Alpine?) has another C library: use Debian, Ubuntu or the like.",
  );
}

/** The npm packages that the binding is built from, and the place where TensorFlow.js looks for it. */
function bindingSources(): { folder: string; sources: string[]; nodeHeaders: string; place: string } {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
  const { binary } = JSON.parse(readFileSync(manifest, 'utf8')) as { binary: { napi_versions: number[] } };
  const folder = dirname(manifest);
  return {
    folder,
    sources: ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, 'binding', name)),
    nodeHeaders: join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
    // Every Node.js that we run on offers the newest of these.
    place: join(folder, 'lib', `napi-v${Math.max(...binary.napi_versions)}`),
  };
}

/** The store's entry for the compiled binding, named after all that goes into it. */
export function bindingEntry(flavour: TensorflowFlavour, libraryName: string, compiler: string): StoreEntry {
  const { sources, nodeHeaders } = bindingSources();
  const options = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-D_GLIBCXX_USE_CXX11_ABI=1'];
  const key = createHash('sha256').update(JSON.stringify([options, libraryName]));
  for (const path of [...sources, join(nodeHeaders, 'node_api.h')]) key.update(readFileSync(path));
  return {
    name: `tfjs-binding-${flavour}-${key.digest('hex').slice(0, 16)}`,
    title: "TensorFlow's binding to Node.js",
    doing: 'compiling',
    bytesNeeded: 10e6,
    async fill(folder, signal) {
      const tensorflow = join(dirname(folder), libraryName);
      const output = join(folder, 'tfjs_binding.node');
      const args = [
        ...options,
        ...['-I', join(tensorflow, 'include'), '-I', nodeHeaders, ...sources, '-o', output],
        ...['-L', join(tensorflow, 'lib'), `-l:${library.cc}`, `-l:${library.framework}`],
        // Relative, so that the store can be moved; as DT_RPATH, which also holds for what TensorFlow itself opens.
        ...['-Wl,--disable-new-dtags', `-Wl,-rpath,$ORIGIN/../${libraryName}/lib`],
      ];
      const { code, stderr } = await runProgram(compiler, args, { signal });
      if (code !== 0) {
        const reason = stderr.split('\n').find((line) => /error|cannot find|No space/i.test(line)) ?? stderr.trim();
        throw new SetupError(`${compiler} could not build TensorFlow's binding: ${reason}`);
      }
    },
  };
}

/** Lets TensorFlow.js find the binding: `npm ci` has emptied the place, or another flavour stands there. */
export async function linkBinding(bindingFolder: string): Promise<void> {
  const { place } = bindingSources();
  if ((await readlink(place).catch(() => undefined)) === bindingFolder) return;
  await mkdir(dirname(place), { recursive: true });
  const stands = await lstat(place).catch(() => undefined);
  if (stands?.isDirectory()) await rm(place, { recursive: true });
  const fresh = `${place}.${process.pid}`;
  await rm(fresh, { force: true });
  await symlink(bindingFolder, fresh);
  await rename(fresh, place);
}

/**
 * What a process that loads TensorFlow needs in its environment, beside that of its parent.
 *
 * @returns names and values; a GPU's memory is taken as it is needed, not nearly all of it at the start
 */
export function tensorflowEnvironment(flavour: TensorflowFlavour, storeDir: string): Record<string, string> {
  if (flavour === 'cpu') return { CUDA_VISIBLE_DEVICES: '-1', TF_CPP_MIN_LOG_LEVEL: '1' };
  return {
    LD_LIBRARY_PATH: join(storeDir, libraryEntry(storeDir, flavour, '').name, 'lib'),
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_CPP_MIN_LOG_LEVEL: '1',
  };
}

/** Puts library and binding in place. */
export async function ensureTensorflow(
  options: { storeDir: string; flavour: TensorflowFlavour; python: string; compiler: string },
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const { storeDir, flavour, python, compiler } = options;
  const libraryIn = libraryEntry(storeDir, flavour, python);
  await ensureEntry(storeDir, libraryIn, report, signal);
  const binding = bindingEntry(flavour, libraryIn.name, compiler);
  await linkBinding(await ensureEntry(storeDir, binding, report, signal));
}
