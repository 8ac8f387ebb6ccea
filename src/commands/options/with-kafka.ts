import { readConfig, type ServiceConfig } from '../../config/config.js';
import { startEmbedded } from '../../embedded/embedded.js';
import { connectKafka, ensureTopics, serviceTopics, type Kafka } from '../../ingest/kafka.js';

const report = (line: string): void => void process.stderr.write(`${line}\n`);

type KafkaConfig = Omit<ServiceConfig, 'DATABASE_URL' | 'ENCODER_DIR' | 'tensorflow'>;

/**
 * Runs `work` with the brokers of KAFKA_BROKERS, else with the embedded one, which is started for it or shared with a
 * service that uses it already. The topics are there.
 */
export async function withKafka<T>(work: (kafka: Kafka, config: KafkaConfig) => Promise<T>): Promise<T> {
  const base = readConfig();
  let stop = (): Promise<void> => Promise.resolve();
  let brokers = base.KAFKA_BROKERS;
  if (brokers === undefined) {
    const { STORE_DIR: storeDir, DATA_DIR: dataDir } = base;
    const embedded = await startEmbedded({ kafka: true, postgres: false, dataDir, storeDir, report });
    brokers = [embedded.kafkaBrokers ?? ''];
    stop = () => embedded.stop();
  }
  try {
    const config: KafkaConfig = { ...base, KAFKA_BROKERS: brokers };
    const kafka = connectKafka(config);
    await ensureTopics(kafka, serviceTopics(config), config.TOPIC_PARTITIONS);
    return await work(kafka, config);
  } finally {
    await stop();
  }
}
