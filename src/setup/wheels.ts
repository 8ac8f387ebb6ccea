import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.js';
import { SetupError } from './setup-error.js';
import { formatBytes, requireHash, fileSha256 } from './store.js';

/** A file of the Python package index */
export interface Wheel {
  project: string;
  version: string;
  /** Platform tag, e.g. `manylinux_2_27_x86_64`, or `any` */
  platform: string;
  /** Bytes; for messages and to check the free disk space */
  size: number;
  sha256: string;
}

/** The Python that pip downloads for, whichever runs it */
const pythonVersion = '3.11';

/**
 * Downloads a wheel with pip, so that the user's own index, proxy and certificates are used.
 *
 * A wheel that an interrupted set-up has downloaded is used again if its hash is right.
 *
 * @param python the Python that has pip
 * @returns the path of the wheel in the store's downloads; the caller removes it once it is unpacked
 */
export async function fetchWheel(
  storeDir: string,
  wheel: Wheel,
  python: string,
  signal?: AbortSignal,
): Promise<string> {
  const downloads = join(storeDir, 'downloads');
  const path = join(downloads, `${wheel.project}-${wheel.version}-${wheel.platform}.whl`);
  const existing = await stat(path).catch(() => undefined);
  if (existing && (await fileSha256(path)) === wheel.sha256) return path;
  const work = `${path}.part`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    await pipDownload(wheel, python, work, signal);
    const [name] = (await readdir(work)).filter((file) => file.endsWith('.whl'));
    if (!name)
      throw new SetupError(`pip reported success for ${wheel.project} ${wheel.version}, but there is no file.`);
    await requireHash(join(work, name), wheel.sha256, `${wheel.project} ${wheel.version}`);
    await rename(join(work, name), path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path;
}

async function pipDownload(wheel: Wheel, python: string, work: string, signal: AbortSignal | undefined): Promise<void> {
  const pins = join(work, 'requirements.txt');
  await writeFile(pins, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const platform = wheel.platform === 'any' ? [] : ['--platform', wheel.platform];
  const { code, stdout, stderr } = await runProgram(
    python,
    ['-m', 'pip', 'download', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-cache-dir']
      .concat(['--disable-pip-version-check', '--python-version', pythonVersion, '--implementation', 'cp'])
      .concat(platform, ['--dest', work, '-r', pins]),
    // pip's temporary folder: on the disk whose space was checked, and removed with it.
    { extra: { TMPDIR: work, PYTHONUTF8: '1' }, signal },
  );
  if (code !== 0) throw new SetupError(explainPip(wheel, `${stdout}\n${stderr}`));
}

/** Why pip failed, in one line */
export function explainPip(wheel: Wheel, output: string): string {
  const name = `${wheel.project} ${wheel.version}`;
  const got = /\bGot\s+([0-9a-f]{64})/.exec(output)?.[1];
  if (got) {
    const size = /\(([\d.]+ (?:bytes|[kMG]B))\)/.exec(output)?.[1];
    return (
      `${name} does not match its expected hash: ${size ? `${size} instead of ${formatBytes(wheel.size)}` : 'another file'} ` +
      `(SHA-256 ${got}, expected ${wheel.sha256}). The response probably came from a mirror or a proxy. It was discarded.`
    );
  }
  if (/No space left on device|Disk quota exceeded/i.test(output)) {
    return `The disk filled up while downloading ${name} (${formatBytes(wheel.size)}): free some space, or set STORE_DIR to a folder on another disk.`;
  }
  if (/\b(401|403|407)\b.*(Client Error|Forbidden|Unauthorized|Proxy)|Tunnel connection failed/i.test(output)) {
    return `The Python package index or a proxy refused to serve ${name}: check pip's settings ("pip config list") and the proxy.`;
  }
  if (output.includes('CERTIFICATE_VERIFY_FAILED')) {
    return `The certificate of the Python package index is not trusted (downloading ${name}): add your network's certificate to pip ("pip config set global.cert FILE").`;
  }
  if (
    /Failed to establish a new connection|name resolution|Name or service not known|Connection refused|Connection reset|ProxyError|timed out|Max retries|Network is unreachable|Connection broken|IncompleteRead/i.test(
      output,
    )
  ) {
    return `The connection to the Python package index failed while downloading ${name}: check the network and start again; finished downloads are kept.`;
  }
  if (/No matching distribution|Could not find a version/i.test(output)) {
    return `pip's package index does not have ${name} for ${wheel.platform}: check "pip config list"; a proxy that replaces the response can cause this too.`;
  }
  const lastLine =
    output
      .trim()
      .split('\n')
      .filter((line) => line.trim())
      .at(-1) ?? 'it printed nothing';
  return `pip failed to download ${name}: ${lastLine.trim()}`;
}

/** Python's zipfile, which is always there if pip is. Arguments: the wheel, the folder, then pattern=>target pairs. */
const unzip = `
import fnmatch, os, shutil, sys, zipfile
wheel, folder, *rules = sys.argv[1:]
rules = [rule.split('=>') for rule in rules]
used = set()
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        for number, (pattern, target) in enumerate(rules):
            if name.endswith('/') or not fnmatch.fnmatchcase(name, pattern): continue
            path = os.path.join(folder, target + os.path.basename(name) if target.endswith('/') else target)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(name) as source, open(path, 'wb') as sink: shutil.copyfileobj(source, sink, 1 << 20)
            used.add(number)
            break
missing = [rules[n][0] for n in range(len(rules)) if n not in used]
sys.exit('not in the archive: ' + ', '.join(missing) if missing else 0)
`;

/**
 * Unpacks files of a wheel.
 *
 * @param rules pattern of a name in the wheel (`*` stands for anything) to where it goes below `folder`; a target that
 *   ends with `/` keeps the file's own name. A rule that nothing matches is an error.
 */
export async function unpackWheel(
  path: string,
  folder: string,
  rules: Readonly<Record<string, string>>,
  python: string,
  signal?: AbortSignal,
): Promise<void> {
  const pairs = Object.entries(rules).map(([pattern, target]) => `${pattern}=>${target}`);
  const { code, stderr } = await runProgram(python, ['-c', unzip, path, folder, ...pairs], { signal });
  if (code === 0) return;
  if (/No space left|Disk quota/i.test(stderr)) {
    throw new SetupError(`The disk of ${folder} filled up while unpacking ${path}: free some space.`);
  }
  throw new SetupError(`${path} could not be unpacked: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}
