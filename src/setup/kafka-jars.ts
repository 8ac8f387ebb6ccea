/** Apache Kafka's jars, downloaded with Maven, so that the user's own mirror, proxy and certificates are used. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jarHashes } from './kafka-jar-hashes.js';
import { runProgram } from './program.js';
import { SetupError } from './setup-error.js';
import { requireHash, type StoreEntry } from './store.js';

export const kafkaVersion = '4.4.0';

/** Kafka logs through slf4j, which prints nothing without a binding. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>replyrank</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Store entry: a folder with all jars of the broker */
export function kafkaEntry(maven: string): StoreEntry {
  return {
    name: `kafka-${kafkaVersion}`,
    title: `Apache Kafka ${kafkaVersion}`,
    activity: 'downloading 43 MB',
    bytesNeeded: 250e6,
    async fill(folder, signal) {
      const file = join(folder, 'pom.xml');
      await writeFile(file, pom);
      // A separate repository: a page that a proxy sent in place of a jar would stay in ~/.m2.
      const repository = join(folder, 'repository');
      const args = [
        ...['-B', '-q', '-Dstyle.color=never', `-Dmaven.repo.local=${repository}`, '-f', file],
        ...[plugin, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`],
      ];
      const { code, stdout, stderr } = await runProgram(maven, args, { signal });
      if (code !== 0) throw new SetupError(explainMaven(stdout + stderr));
      await rm(repository, { recursive: true });
      await rm(file);
      await requireJars(folder);
    },
  };
}

async function requireJars(folder: string): Promise<void> {
  const found = await readdir(folder);
  const unknown = found.filter((name) => !(name in jarHashes));
  const missing = Object.keys(jarHashes).filter((name) => !found.includes(name));
  if (unknown.length + missing.length > 0) {
    const lines = [
      missing.length > 0 && `missing ${missing.join(', ')}`,
      unknown.length > 0 && `unexpected ${unknown.join(', ')}`,
    ];
    throw new SetupError(
      `Maven did not download the files of Apache Kafka ${kafkaVersion}: ${lines.filter(Boolean).join('; ')}`,
    );
  }
  for (const [name, hash] of Object.entries(jarHashes)) await requireHash(join(folder, name), hash, name);
}

/** Why Maven failed, in one line */
export function explainMaven(output: string): string {
  const kafka = `Apache Kafka ${kafkaVersion}`;
  if (/No space left on device|Disk quota exceeded/i.test(output)) {
    return `The disk filled up while downloading ${kafka}: free some space, also in Maven's folder (~/.m2).`;
  }
  if (
    /Unknown host|UnknownHostException|Connection refused|Connect(ion)? timed out|Network is unreachable|Connection reset/i.test(
      output,
    )
  ) {
    return `Maven could not reach its repository to download ${kafka}: check the network and Maven's proxy settings (~/.m2/settings.xml), then start again.`;
  }
  if (/status(?: code)?: 40[137]|authorization failed|authentication failed/i.test(output)) {
    return `Maven's repository or a proxy refused to serve ${kafka}: check ~/.m2/settings.xml.`;
  }
  if (/Non-parseable POM|checksum validation failed/i.test(output)) {
    return `Maven received invalid files for ${kafka}, probably from a proxy or a sign-in page. They were discarded.`;
  }
  const reason = /\[ERROR\] (.+)/.exec(output)?.[1] ?? output.trim().split('\n')[0];
  return `Maven failed to download ${kafka}: ${reason ?? 'it printed nothing'}`;
}
