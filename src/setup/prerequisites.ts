import { join } from 'node:path';
import { childEnvironment } from '../config/config.js';
import { findProgram, runProgram } from './program.js';
import { SetupError } from './setup-error.js';

/** Programs that the set-up needs besides Node.js */
export type Tool = 'python' | 'compiler' | 'java' | 'maven';

type SearchResult = { path: string } | { missing: string };

const finders: Record<Tool, () => Promise<SearchResult>> = {
  python: findPython,
  compiler: findCompiler,
  java: findJava,
  maven: findMaven,
};

/**
 * Finds all needed programs, so that one error lists everything to install.
 *
 * @returns the path of each
 * @throws SetupError with a line for each program that is missing or too old
 */
export async function requireTools(needed: ReadonlySet<Tool>): Promise<Record<Tool, string>> {
  const tools: Record<Tool, string> = { python: '', compiler: '', java: '', maven: '' };
  const missing: string[] = [];
  for (const tool of needed) {
    const result = await finders[tool]();
    if ('path' in result) tools[tool] = result.path;
    else missing.push(result.missing);
  }
  if (missing.length > 0) {
    throw new SetupError(['Install these programs first:', ...missing.map((line) => `  ${line}`)].join('\n'));
  }
  return tools;
}

async function findPython(): Promise<SearchResult> {
  const install = '(Debian, Ubuntu: apt install python3 python3-pip)';
  let found = '';
  for (const path of ['python3', 'python'].map((name) => findProgram(name))) {
    if (!path) continue;
    const result = await runProgram(path, ['-c', 'import sys; print(sys.version_info[:2] >= (3, 9)); import pip']);
    if (result.code === 0 && result.stdout.startsWith('True')) return { path };
    found ||= result.stdout.startsWith('True') ? `${path} has no pip` : `${path} is too old`;
  }
  return { missing: `Python 3.9 or newer with pip, to download TensorFlow ${install}${found && `: ${found}`}` };
}

function findCompiler(): Promise<SearchResult> {
  const path = findProgram('g++') ?? findProgram('c++') ?? findProgram('clang++');
  return Promise.resolve(
    path ? { path } : { missing: "A C++ compiler, for TensorFlow's binding (Debian, Ubuntu: apt install g++)" },
  );
}

async function findJava(): Promise<SearchResult> {
  const install = '(Debian, Ubuntu: apt install openjdk-17-jre-headless); or set KAFKA_BROKERS to your own broker';
  const home = childEnvironment().JAVA_HOME;
  const path = (home ? findProgram('java', join(home, 'bin')) : undefined) ?? findProgram('java');
  if (!path) return { missing: `Java 17 or newer, for the embedded Kafka broker ${install}` };
  const { stderr, stdout } = await runProgram(path, ['-version']);
  const version = Number(/version "(?:1\.)?(\d+)/.exec(stderr + stdout)?.[1]);
  if (version >= 17) return { path };
  const what = version ? `Java ${version}` : 'not a working Java';
  return { missing: `Java 17 or newer, for the embedded Kafka broker ${install}: ${path} is ${what}` };
}

function findMaven(): Promise<SearchResult> {
  const path = findProgram('mvn');
  const install = '(Debian, Ubuntu: apt install maven); or set KAFKA_BROKERS to your own broker';
  return Promise.resolve(path ? { path } : { missing: `Maven, to download the embedded Kafka broker ${install}` });
}
