/**
 * The environment, read once. Everything else gets typed values: this is the only file that knows `process.env`.
 * Every bad variable is named in one error, so that a start fails once and not once per mistake.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { embedOrigins, isTrustworthy } from './embed-origins.js';
import { retrainVariables } from './retrain-variables.js';
import { days, flag, folder, share, whole } from './variables.js';

/** One row of the README's configuration table each; `.describe` is the text of that row. */
export const environmentSchema = z.object({
  PORT: whole(0, 65_535).default(3000).describe('Port of the HTTP service; 0 takes a free one'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on; loopback unless told otherwise'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is logged'),

  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://replyrank.example.com' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Address that browsers reach the service at, where it is not HOST and PORT; `https` makes cookies secure',
    ),
  EMBED_ORIGINS: embedOrigins,
  OIDC_ISSUER: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://login.example.com' })
    .optional()
    .describe('OpenID Connect provider that people sign in with; needs PUBLIC_URL, OIDC_CLIENT_ID, OIDC_ROLES'),
  OIDC_CLIENT_ID: z.string().optional().describe('Client id of Replyrank at the provider'),
  OIDC_CLIENT_SECRET: z.string().optional().describe('Client secret; unset: a public client with PKCE alone'),
  OIDC_SCOPE: z.string().default('openid profile email').describe('What the provider is asked for'),
  OIDC_ROLE_CLAIM: z.string().default('groups').describe('Claim that OIDC_ROLES is about'),
  OIDC_ROLES: z
    .string()
    .regex(
      /^\s*(agent|lead|ml|admin)=[^=,|]+(\|[^=,|]+)*(,\s*(agent|lead|ml|admin)=[^=,|]+(\|[^=,|]+)*)*$/,
      'must be such as agent=support|night-shift,lead=support-leads,admin=it',
    )
    .optional()
    .describe('Groups of each role: `agent=support,lead=support-leads,admin=it`; `*` is everybody'),

  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a URL such as postgres://user:password@host:5432/replyrank' })
    .optional()
    .describe('PostgreSQL 14 or newer (`?sslmode=` for TLS); unset: the embedded one'),
  DATABASE_POOL: whole(2, 200).default(10).describe('Most connections to PostgreSQL'),

  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$/, 'must be host:port, several parted by commas')
    .transform((list) => list.split(','))
    .optional()
    .describe('Kafka brokers, host:port parted by commas; unset: the embedded one'),
  KAFKA_GROUP: z.string().min(1).default('replyrank').describe('Consumer group, shared by all replicas'),
  KAFKA_SSL: flag.default(false).describe('TLS to the brokers'),
  KAFKA_SSL_CA: z.string().optional().describe('File with the certificate authority of the brokers (PEM)'),
  KAFKA_SSL_CERT: z.string().optional().describe('File with the client certificate (PEM)'),
  KAFKA_SSL_KEY: z.string().optional().describe('File with the key of the client certificate (PEM)'),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional().describe('SASL mechanism'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('SASL user'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('SASL password'),
  TOPIC_TICKETS: z.string().min(1).default('tickets').describe('Topic that tickets arrive on'),
  TOPIC_CHOICES: z.string().min(1).default('agent-choices').describe("Topic that agents' choices arrive on"),
  TOPIC_SUGGESTIONS: z
    .string()
    .min(1)
    .default('ticket-suggestions')
    .describe('Topic that suggestions are published on'),
  TOPIC_TICKETS_DLQ: z.string().min(1).default('tickets.dlq').describe('Dead letters of the tickets topic'),
  TOPIC_CHOICES_DLQ: z.string().min(1).default('agent-choices.dlq').describe('Dead letters of the choices topic'),
  TOPIC_PARTITIONS: whole(1, 1000).default(4).describe('Partitions of topics that do not exist yet'),

  DATA_DIR: folder.default(resolve('.replyrank')).describe('State of the embedded servers'),
  STORE_DIR: folder
    .default(join(homedir(), '.cache', 'replyrank'))
    .describe('What set-up fetches once: TensorFlow, the encoder, the broker (about 2 GB)'),
  MODEL_DIR: folder.optional().describe('Folder of the model versions; default `models` in DATA_DIR'),
  ENCODER_DIR: folder
    .optional()
    .describe('Another BERT-family encoder: config.json, model.safetensors, tokenizer.json'),
  TENSORFLOW: z
    .enum(['auto', 'cpu', 'gpu'])
    .default('auto')
    .describe('`gpu` refuses to start without one; `auto` takes one where there is an NVIDIA driver'),
  MODEL_MAX_BATCH: whole(1, 4096).default(64).describe('Most tickets in one model call'),
  MODEL_MAX_WAIT_MS: whole(0, 1000)
    .default(5)
    .describe('Longest that a ticket waits for others to share its model call, ms'),
  MODEL_MAX_QUEUE: whole(1, 100_000)
    .default(1024)
    .describe('Most tickets waiting for the model in one process; more are told to come again'),

  MODEL_FIELDS: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .default([])
    .describe('Structured fields that a training from labels may use, parted by commas; `customer.*` never'),
  MLFLOW_TRACKING_URI: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as http://mlflow:5000' })
    .optional()
    .describe('MLflow server that trainings are reported to, such as `http://mlflow:5000`; unset: none'),

  RANK_BACKLOG: whole(1, 10_000_000).default(5000).describe('Unranked tickets at which reading from Kafka pauses'),
  AUDIT_SHARE: share.default(0).describe('Share of tickets that are shown no suggestion, for unbiased accuracy (0–1)'),

  MONITOR_WINDOW_S: whole(1, 86_400).default(600).describe('Length of the time that the monitor counts as one, s'),
  MONITOR_LATENESS_S: whole(0, 86_400)
    .default(120)
    .describe('How long the monitor waits for tickets of a time that is over, s; later ones count for the next'),
  MONITOR_MIN_TICKETS_PER_FALSE_ALARM: whole(100, 1_000_000_000)
    .default(100_000)
    .describe('Least mean number of tickets to an alarm where nothing has moved, all signals together'),
  MONITOR_MIN_EFFECT: z.coerce
    .number({ error: 'must be a number' })
    .min(0, 'must be at least 0')
    .max(1, 'must be at most 1')
    .default(0.02)
    .describe('Smallest move of a signal worth knowing, in its standard deviations'),
  MONITOR_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://hooks.example/replyrank' })
    .optional()
    .describe('Where alerts are sent to; unset: nowhere'),
  MONITOR_WEBHOOK_FORMAT: z
    .enum(['slack', 'alertmanager'])
    .default('slack')
    .describe("What is sent there: a Slack message, or Alertmanager's webhook payload"),
  MONITOR_WEBHOOK_WORDS: flag
    .default(false)
    .describe('Whether words that are typical of the tickets may be sent there'),

  ...retrainVariables,

  RETENTION_TICKETS_DAYS: days
    .default(730)
    .describe('Closed or answered tickets, their suggestions, choices and labels'),
  RETENTION_DEAD_LETTERS_DAYS: days.default(14).describe('Dead letters, which hold original bytes'),
  RETENTION_AUDIT_LOG_DAYS: days.default(365).describe('The log of who changed what'),
  RETENTION_MONITORING_DAYS: days
    .default(730)
    .describe('What the monitor has counted and decided, and alerts that are closed'),
  CONSUMER_GRACE_S: whole(1, 3600)
    .default(30)
    .describe('How long a stopped consumer may stay stopped before the process ends itself, s'),
  HTTP_BODY_LIMIT_KB: whole(16, 102_400).default(2048).describe('Largest HTTP request body, kB'),
  HTTP_RATE_LIMIT: whole(1, 10_000_000).default(60_000).describe('Most HTTP requests a minute and client'),
});

type Environment = z.infer<typeof environmentSchema>;

/** Typed configuration. Times in the unit that the name ends with. */
export type Config = Omit<Environment, 'MODEL_DIR'> & { MODEL_DIR: string };

/** What the running service needs: the servers are known, their own or the embedded ones. */
export type ServiceConfig = Config & {
  DATABASE_URL: string;
  KAFKA_BROKERS: string[];
  ENCODER_DIR: string;
  /** The device that was chosen for TensorFlow, and what its processes need in their environment. */
  tensorflow: { device: 'cpu' | 'gpu'; environment: Record<string, string> };
};

/** Injection token of the ServiceConfig. */
export const CONFIG = Symbol('CONFIG');

/** The environment can't be used as it is. The message names every bad variable and what it must be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads and checks the environment.
 *
 * @param environment names and values; an empty value counts as unset
 * @throws ConfigError naming every bad variable
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = environmentSchema.safeParse(present);
  const problems = result.success
    ? contradictions(result.data)
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (!result.success || problems.length > 0) {
    throw new ConfigError(`The environment can't be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
  return { ...result.data, MODEL_DIR: result.data.MODEL_DIR ?? join(result.data.DATA_DIR, 'models') };
}

/** The environment for a child process: ours, with `extra` laid over it. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}

function contradictions(env: Environment): string[] {
  const problems: string[] = [];
  if (env.KAFKA_SASL_MECHANISM && (!env.KAFKA_SASL_USERNAME || !env.KAFKA_SASL_PASSWORD)) {
    problems.push('KAFKA_SASL_MECHANISM: needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  if ((env.KAFKA_SASL_USERNAME ?? env.KAFKA_SASL_PASSWORD) && !env.KAFKA_SASL_MECHANISM) {
    problems.push('KAFKA_SASL_MECHANISM: must be named where KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD is set');
  }
  if (Boolean(env.KAFKA_SSL_CERT) !== Boolean(env.KAFKA_SSL_KEY)) {
    problems.push('KAFKA_SSL_CERT, KAFKA_SSL_KEY: one needs the other');
  }
  if (!env.KAFKA_SSL && (env.KAFKA_SSL_CA ?? env.KAFKA_SSL_CERT)) {
    problems.push('KAFKA_SSL: must be true where KAFKA_SSL_CA or KAFKA_SSL_CERT is set');
  }
  if (env.OIDC_ISSUER) {
    const missing = (['PUBLIC_URL', 'OIDC_CLIENT_ID', 'OIDC_ROLES'] as const).filter((name) => !env[name]);
    if (missing.length > 0) problems.push(`OIDC_ISSUER: needs ${missing.join(', ')}`);
  }
  if (env.EMBED_ORIGINS.length > 0 && !(env.PUBLIC_URL && isTrustworthy(env.PUBLIC_URL))) {
    problems.push('EMBED_ORIGINS: needs PUBLIC_URL with an https address: browsers keep no other session in a frame');
  }
  const topics = [
    env.TOPIC_TICKETS,
    env.TOPIC_CHOICES,
    env.TOPIC_SUGGESTIONS,
    env.TOPIC_TICKETS_DLQ,
    env.TOPIC_CHOICES_DLQ,
  ];
  if (new Set(topics).size < topics.length) problems.push('TOPIC_…: two topics have the same name');
  return problems;
}
