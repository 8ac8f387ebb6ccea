import { join } from 'node:path';
import { childEnvironment } from '../config/config.js';
import { findProgram, runProgram } from './program.js';
import { SetupError } from './setup-error.js';

/** What a set-up step needs of the machine, beside Node.js. */
export type Tool = 'python' | 'compiler' | 'java' | 'maven';

type Finding = { path: string } | { missing: string };

const finders: Record<Tool, () => Promise<Finding>> = {
  python: findPython,
  compiler: findCompiler,
  java: findJava,
  maven: findMaven,
};

/**
 * Finds the programs that are needed, all of them at once, so that a newcomer installs what is missing in one go.
 *
 * @returns the path of each
 * @throws SetupError with one line for each that is missing or too old
 */
export async function requireTools(needed: ReadonlySet<Tool>): Promise<Record<Tool, string>> {
  const tools: Record<Tool, string> = { python: '', compiler: '', java: '', maven: '' };
  const missing: string[] = [];
  for (const tool of needed) {
    const finding = await finders[tool]();
    if ('path' in finding) tools[tool] = finding.path;
    else missing.push(finding.missing);
  }
  if (missing.length > 0) {
    throw new SetupError(['Some things must be installed first:', ...missing.map((line) => `  ${line}`)].join('\n'));
  }
  return tools;
}

async function findPython(): Promise<Finding> {
  const install = '(Debian, Ubuntu: apt install python3 python3-pip)';
  let found = '';
  for (const path of ['python3', 'python'].map((name) => findProgram(name))) {
    if (!path) continue;
    const asked = await runProgram(path, ['-c', 'import sys; print(sys.version_info[:2] >= (3, 9)); import pip']);
    if (asked.code === 0 && asked.stdout.startsWith('True')) return { path };
    found ||= asked.stdout.startsWith('True') ? `${path} has no pip` : `${path} is too old`;
  }
  return { missing: `Python 3.9 or newer with pip, which fetches TensorFlow ${install}${found && `: ${found}`}` };
}

function findCompiler(): Promise<Finding> {
  const path = findProgram('g++') ?? findProgram('c++') ?? findProgram('clang++');
  return Promise.resolve(
    path ? { path } : { missing: "A C++ compiler, for TensorFlow's binding (Debian, Ubuntu: apt install g++)" },
  );
}

async function findJava(): Promise<Finding> {
  const install =
    '(Debian, Ubuntu: apt install openjdk-17-jre-headless); or name a broker of your own with KAFKA_BROKERS';
  const home = childEnvironment().JAVA_HOME;
  const path = (home ? findProgram('java', join(home, 'bin')) : undefined) ?? findProgram('java');
  if (!path) return { missing: `Java 17 or newer, for the embedded Kafka broker ${install}` };
  const { stderr, stdout } = await runProgram(path, ['-version']);
  const version = Number(/version "(?:1\.)?(\d+)/.exec(stderr + stdout)?.[1]);
  if (version >= 17) return { path };
  const what = version ? `Java ${version}` : 'no Java that runs';
  return { missing: `Java 17 or newer, for the embedded Kafka broker ${install}: ${path} is ${what}` };
}

function findMaven(): Promise<Finding> {
  const path = findProgram('mvn');
  const install = '(Debian, Ubuntu: apt install maven); or name a broker of your own with KAFKA_BROKERS';
  return Promise.resolve(path ? { path } : { missing: `Maven, which fetches the embedded Kafka broker ${install}` });
}
