/**
 * Reads the environment once. All other code gets typed values: only this file uses `process.env`.
 * One error lists every invalid variable, so that all can be fixed at once.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { embedOrigins, isTrustworthy } from './embed-origins.js';
import { retrainVariables } from './retrain-variables.js';
import { days, boolean, folder, fraction, integer } from './variables.js';

/** Each variable is a row of the README's configuration table, `.describe` the text of that row. */
export const environmentSchema = z.object({
  PORT: integer(0, 65_535).default(3000).describe('Port of the HTTP server; 0 picks a free port'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on; default: loopback'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Minimum level that is logged'),

  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://replyrank.example.com' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('URL that browsers open, if it differs from HOST and PORT; with `https`, cookies are secure'),
  EMBED_ORIGINS: embedOrigins,
  OIDC_ISSUER: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://login.example.com' })
    .optional()
    .describe('OpenID Connect provider for sign-in; requires PUBLIC_URL, OIDC_CLIENT_ID and OIDC_ROLES'),
  OIDC_CLIENT_ID: z.string().optional().describe('Client ID of Replyrank at the provider'),
  OIDC_CLIENT_SECRET: z.string().optional().describe('Client secret; unset: a public client that uses PKCE only'),
  OIDC_SCOPE: z.string().default('openid profile email').describe('Scopes to request'),
  OIDC_ROLE_CLAIM: z.string().default('groups').describe('Claim that lists the groups of a user'),
  OIDC_ROLES: z
    .string()
    .regex(
      /^\s*(agent|lead|ml|admin)=[^=,|]+(\|[^=,|]+)*(,\s*(agent|lead|ml|admin)=[^=,|]+(\|[^=,|]+)*)*$/,
      'must look like agent=support|night-shift,lead=support-leads,admin=it',
    )
    .optional()
    .describe('Maps groups to roles: `agent=support,lead=support-leads,admin=it`; `*` matches everyone'),

  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a URL such as postgres://user:password@host:5432/replyrank' })
    .optional()
    .describe('PostgreSQL 14 or newer (`?sslmode=` for TLS); unset: an embedded server'),
  DATABASE_POOL: integer(2, 200).default(10).describe('Maximum number of connections to PostgreSQL'),

  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$/, 'must be a comma-separated list of host:port')
    .transform((list) => list.split(','))
    .optional()
    .describe('Kafka brokers, comma-separated `host:port`; unset: an embedded broker'),
  KAFKA_GROUP: z.string().min(1).default('replyrank').describe('Consumer group, the same for all replicas'),
  KAFKA_SSL: boolean.default(false).describe('Connect to the brokers with TLS'),
  KAFKA_SSL_CA: z.string().optional().describe('File with the CA certificate of the brokers (PEM)'),
  KAFKA_SSL_CERT: z.string().optional().describe('File with the client certificate (PEM)'),
  KAFKA_SSL_KEY: z.string().optional().describe('File with the private key of the client certificate (PEM)'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('SASL mechanism: `plain`, `scram-sha-256` or `scram-sha-512`'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('SASL username'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('SASL password'),
  TOPIC_TICKETS: z.string().min(1).default('tickets').describe('Input topic: tickets'),
  TOPIC_CHOICES: z.string().min(1).default('agent-choices').describe("Input topic: agents' choices"),
  TOPIC_SUGGESTIONS: z.string().min(1).default('ticket-suggestions').describe('Output topic: suggestions'),
  TOPIC_TICKETS_DLQ: z.string().min(1).default('tickets.dlq').describe('Dead-letter topic for tickets'),
  TOPIC_CHOICES_DLQ: z.string().min(1).default('agent-choices.dlq').describe('Dead-letter topic for choices'),
  TICKET_TOMBSTONES: z
    .enum(['dead-letter', 'ignore', 'close'])
    .default('dead-letter')
    .describe(
      'What a ticket message without a value means: `dead-letter` reports it, `ignore` counts it, `close` closes the ticket that its key `source:ticketId` names',
    ),
  TOPIC_PARTITIONS: integer(1, 1000).default(4).describe('Number of partitions when a topic is created'),

  REDACT: z
    .enum(['standard', 'strict'], { error: 'must be standard or strict' })
    .default('standard')
    .describe(
      '`standard` redacts e-mail addresses, phone numbers, cards, bank accounts and access tokens; `strict` also ids, birth dates, addresses, names, security codes and IPs',
    ),

  DATA_DIR: folder.default(resolve('.replyrank')).describe('Data folder of the embedded servers'),
  STORE_DIR: folder
    .default(join(homedir(), '.cache', 'replyrank'))
    .describe('Cache for downloads: TensorFlow, the encoder, the Kafka broker (about 2 GB)'),
  MODEL_DIR: folder.optional().describe('Folder of the model versions; default: `models` in DATA_DIR'),
  ENCODER_DIR: folder
    .optional()
    .describe('Folder of another BERT-family encoder: config.json, model.safetensors, tokenizer.json'),
  TENSORFLOW: z
    .enum(['auto', 'cpu', 'gpu'])
    .default('auto')
    .describe('`auto` uses the GPU if there is an NVIDIA driver; `gpu` refuses to start without one'),
  MODEL_MAX_BATCH: integer(1, 4096).default(64).describe('Maximum number of tickets per model call'),
  MODEL_MAX_WAIT_MS: integer(0, 1000).default(5).describe('Maximum time a ticket waits for a batch to fill, ms'),
  MODEL_MAX_QUEUE: integer(1, 100_000)
    .default(1024)
    .describe('Maximum number of queued tickets per process; further requests get 503 with Retry-After'),

  MODEL_FIELDS: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .default([])
    .describe('Ticket fields used as model features when training from labels, comma-separated; never `customer.*`'),
  MLFLOW_TRACKING_URI: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as http://mlflow:5000' })
    .optional()
    .describe('MLflow tracking server that training runs are logged to, such as `http://mlflow:5000`'),

  RANK_BACKLOG: integer(1, 10_000_000)
    .default(5000)
    .describe('Number of unranked tickets at which Kafka consumption pauses'),
  AUDIT_SHARE: fraction
    .default(0)
    .describe('Share of tickets shown without suggestions, to measure accuracy without bias (0–1)'),

  MONITOR_WINDOW_S: integer(1, 86_400).default(600).describe('Length of a monitoring window, s'),
  MONITOR_LATENESS_S: integer(0, 86_400)
    .default(120)
    .describe('Allowed lateness: how long a window waits for late tickets, s; later ones count in the next window'),
  MONITOR_MIN_TICKETS_PER_FALSE_ALARM: integer(100, 1_000_000_000)
    .default(100_000)
    .describe('Minimum expected number of tickets per false alarm, over all signals'),
  MONITOR_MIN_EFFECT: z.coerce
    .number({ error: 'must be a number' })
    .min(0, 'must be at least 0')
    .max(1, 'must be at most 1')
    .default(0.02)
    .describe('Smallest shift of a signal to detect, in standard deviations of that signal'),
  MONITOR_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://hooks.example/replyrank' })
    .optional()
    .describe('Webhook that alerts are sent to; unset: none'),
  MONITOR_WEBHOOK_FORMAT: z
    .enum(['slack', 'alertmanager'])
    .default('slack')
    .describe('Payload format of the webhook: Slack or Alertmanager'),
  MONITOR_WEBHOOK_WORDS: boolean.default(false).describe('Include typical words of the tickets in webhook messages'),

  ...retrainVariables,

  RETENTION_TICKETS_DAYS: days
    .default(730)
    .describe('Retention of answered and closed tickets with their suggestions, choices and labels, days'),
  RETENTION_DEAD_LETTERS_DAYS: days
    .default(14)
    .describe('Retention of dead letters, which contain the original bytes, days'),
  RETENTION_AUDIT_LOG_DAYS: days.default(365).describe('Retention of the audit log, days'),
  RETENTION_MONITORING_DAYS: days
    .default(730)
    .describe('Retention of monitoring windows, decisions and closed alerts, days'),
  CONSUMER_GRACE_S: integer(1, 3600)
    .default(30)
    .describe('How long a consumer may be stopped before the process exits, s'),
  HTTP_BODY_LIMIT_KB: integer(16, 102_400).default(2048).describe('Maximum size of an HTTP request body, kB'),
  HTTP_RATE_LIMIT: integer(1, 10_000_000)
    .default(60_000)
    .describe('Maximum number of HTTP requests per client and minute'),
});

type Environment = z.infer<typeof environmentSchema>;

/** Typed configuration. The suffix of a name is its unit. */
export type Config = Omit<Environment, 'MODEL_DIR'> & { MODEL_DIR: string };

/** Configuration of the running service: the servers are known, external or embedded. */
export type ServiceConfig = Config & {
  DATABASE_URL: string;
  KAFKA_BROKERS: string[];
  ENCODER_DIR: string;
  /** The device selected for TensorFlow, and the environment variables of its processes */
  tensorflow: { device: 'cpu' | 'gpu'; environment: Record<string, string> };
};

/** Injection token of ServiceConfig */
export const CONFIG = Symbol('CONFIG');

/** Invalid environment variables. The message lists each of them with what it must be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads and validates the environment.
 *
 * @param environment an empty value counts as unset
 * @throws ConfigError listing every invalid variable
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = environmentSchema.safeParse(present);
  const problems = result.success
    ? findContradictions(result.data)
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (!result.success || problems.length > 0) {
    throw new ConfigError(`Invalid environment variables:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
  return { ...result.data, MODEL_DIR: result.data.MODEL_DIR ?? join(result.data.DATA_DIR, 'models') };
}

/** The environment of a child process: this one's, overridden by `extra`. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}

function findContradictions(env: Environment): string[] {
  const problems: string[] = [];
  if (env.KAFKA_SASL_MECHANISM && (!env.KAFKA_SASL_USERNAME || !env.KAFKA_SASL_PASSWORD)) {
    problems.push('KAFKA_SASL_MECHANISM: requires KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  if ((env.KAFKA_SASL_USERNAME ?? env.KAFKA_SASL_PASSWORD) && !env.KAFKA_SASL_MECHANISM) {
    problems.push('KAFKA_SASL_MECHANISM: must be set if KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD is set');
  }
  if (Boolean(env.KAFKA_SSL_CERT) !== Boolean(env.KAFKA_SSL_KEY)) {
    problems.push('KAFKA_SSL_CERT, KAFKA_SSL_KEY: must be set together');
  }
  if (!env.KAFKA_SSL && (env.KAFKA_SSL_CA ?? env.KAFKA_SSL_CERT)) {
    problems.push('KAFKA_SSL: must be true if KAFKA_SSL_CA or KAFKA_SSL_CERT is set');
  }
  if (env.OIDC_ISSUER) {
    const missing = (['PUBLIC_URL', 'OIDC_CLIENT_ID', 'OIDC_ROLES'] as const).filter((name) => !env[name]);
    if (missing.length > 0) problems.push(`OIDC_ISSUER: requires ${missing.join(', ')}`);
  }
  if (env.EMBED_ORIGINS.length > 0 && !(env.PUBLIC_URL && isTrustworthy(env.PUBLIC_URL))) {
    problems.push('EMBED_ORIGINS: requires an https PUBLIC_URL: browsers keep no other session in a frame');
  }
  const topics = [
    env.TOPIC_TICKETS,
    env.TOPIC_CHOICES,
    env.TOPIC_SUGGESTIONS,
    env.TOPIC_TICKETS_DLQ,
    env.TOPIC_CHOICES_DLQ,
  ];
  if (new Set(topics).size < topics.length) problems.push('TOPIC_*: two topics have the same name');
  return problems;
}
