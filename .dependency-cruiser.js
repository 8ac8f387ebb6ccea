/**
 * The import rules: docs/architecture.md in a form that `npm run architecture` checks. Types count as imports.
 *
 * A room is a folder. It may import itself, the ground that everybody stands on, and what its row names; nothing else of
 * `src`. So nothing imports what stands above it, and there is no circle.
 */

/** Every room may import these. */
const ground = ['src/config', 'src/statistics', 'src/processes', 'src/json', 'src/files'];

const below = (part, rooms, ...more) =>
  Object.fromEntries(
    Object.entries(rooms).map(([room, imports]) => [
      `${part}/${room}`,
      [...more, ...imports.map((name) => (name.startsWith('src/') ? name : `${part}/${name}`))],
    ]),
  );

/** Room by room, from the ground up: what it may import beside the ground. */
const rooms = {
  'src/config': [],
  'src/statistics': [],
  'src/processes': [],
  'src/json': [],
  'src/files': ['src/json'],
  'src/messages': [],
  'src/records': ['src/messages'],
  'src/redaction': [],
  'src/preparation': ['src/redaction'],
  'src/setup': [],
  'src/embedded': ['src/setup'],
  'src/http': [],
  'src/access': ['src/http', 'src/records'],
  'src/database': ['src/records', 'migrations'],
  'src/events': ['src/access', 'src/database', 'src/http'],

  ...below('src/models', {
    tensors: [],
    features: ['ranker.ts', 'src/preparation'],
    ranking: ['ranker.ts'],
    encoder: ['features', 'ranker.ts', 'tensors'],
    finetuning: ['encoder', 'tensors'],
    dataset: ['encoder', 'features', 'ranker.ts', 'tensors', 'src/preparation', 'src/redaction'],
    heads: ['dataset', 'features', 'ranking', 'tensors'],
    versions: ['heads', 'dataset', 'features', 'ranking', 'ranker.ts', 'tensors'],
    training: ['versions', 'heads', 'dataset', 'finetuning', 'encoder', 'features', 'ranking', 'ranker.ts', 'tensors'],
    serving: ['versions', 'heads', 'encoder', 'features', 'ranking', 'ranker.ts', 'tensors', 'src/preparation'],
    evaluation: ['training', 'heads', 'dataset', 'encoder', 'features', 'ranking', 'ranker.ts', 'tensors'],
    jobs: ['evaluation', 'serving', 'training', 'versions', 'encoder', 'tensors'],
  }),
  'src/models/ranker.ts': [],

  ...below('src/suggest', {
    requests: ['src/database', 'src/events', 'src/records', 'src/models'],
    versions: [
      'requests',
      'src/access',
      'src/events',
      'src/http',
      'src/messages',
      'src/models',
      'src/records',
      'src/database',
    ],
    ranking: [
      'versions',
      'requests',
      'src/access',
      'src/database',
      'src/events',
      'src/http',
      'src/models',
      'src/preparation',
      'src/records',
    ],
    choices: ['versions', 'requests', 'src/access', 'src/database', 'src/events', 'src/http', 'src/records'],
    retention: ['versions', 'requests', 'src/access', 'src/database', 'src/models', 'src/records'],
    tickets: [
      'choices',
      'ranking',
      'versions',
      'requests',
      'src/access',
      'src/database',
      'src/events',
      'src/http',
      'src/models',
      'src/preparation',
      'src/records',
    ],
    templates: [
      'tickets',
      'requests',
      'src/access',
      'src/database',
      'src/events',
      'src/http',
      'src/records',
      'src/redaction',
    ],
  }),
  'src/ingest': [
    'src/suggest',
    'src/models',
    'src/events',
    'src/database',
    'src/records',
    'src/preparation',
    'src/redaction',
    'src/access',
  ],

  ...below('src/monitoring', {
    observations: ['src/models', 'src/records', 'src/suggest'],
    labels: ['observations', 'src/suggest'],
    reference: ['observations', 'src/models'],
    detection: ['reference', 'observations', 'src/models'],
    diagnosis: ['reference', 'labels', 'observations', 'messages.ts', 'src/messages', 'src/models'],
    decisions: [
      'diagnosis',
      'messages.ts',
      'monitor.schema.ts',
      'src/access',
      'src/database',
      'src/events',
      'src/http',
      'src/messages',
      'src/records',
      'src/suggest',
    ],
    alerts: [
      'decisions',
      'detection',
      'diagnosis',
      'observations',
      'messages.ts',
      'monitor.schema.ts',
      'src/access',
      'src/database',
      'src/events',
      'src/http',
      'src/messages',
      'src/records',
    ],
    runner: [
      'alerts',
      'decisions',
      'detection',
      'diagnosis',
      'labels',
      'reference',
      'observations',
      'messages.ts',
      'monitor.schema.ts',
      'src/access',
      'src/database',
      'src/http',
      'src/models',
      'src/records',
      'src/suggest',
    ],
    quality: [
      'runner',
      'decisions',
      'labels',
      'observations',
      'monitor.schema.ts',
      'src/access',
      'src/database',
      'src/http',
      'src/records',
      'src/suggest',
    ],
  }),
  'src/monitoring/messages.ts': ['src/messages', 'src/monitoring/observations'],
  'src/monitoring/monitor.schema.ts': ['src/http', 'src/messages', 'src/records', 'src/monitoring/observations'],

  ...below('src/retrain', {
    labels: ['src/database', 'src/models', 'src/monitoring', 'src/records', 'src/suggest'],
    comparison: [
      'labels',
      'src/database',
      'src/messages',
      'src/models',
      'src/monitoring',
      'src/records',
      'src/suggest',
    ],
    runs: [
      'comparison',
      'labels',
      'src/access',
      'src/database',
      'src/events',
      'src/http',
      'src/messages',
      'src/models',
      'src/monitoring',
      'src/records',
      'src/suggest',
    ],
    simulation: ['runs', 'comparison', 'labels', 'src/models', 'src/monitoring'],
    rollout: ['src/access', 'src/database', 'src/records', 'src/suggest'],
  }),
};

/** What other parts may import of a part; all else of it is its own business. */
const faces = {
  'src/models': [
    'ranker',
    'dataset/(data-row|data-file|read-training-data|trained-on)',
    'encoder/embedding-cache',
    'evaluation/(assessment|metrics)',
    'features/(field-features|ngrams|text-facts|ticket-text)',
    'finetuning/finetune-settings',
    'heads/recipe',
    'jobs/[a-z-]+',
    'serving/(model-process|model-protocol|rank-queue|occlusion)',
    'tensors/safetensors',
    'training/(held-out-tickets|preflight|progress|run-record|sweep)',
    'versions/(model-folder|remove-model)',
  ],
};

/** The few files that may use a package which would otherwise spread. */
const packages = {
  kafkajs: ['^src/ingest/kafka\\.ts$'],
  '@tensorflow/': ['^src/models/tensors/tensorflow\\.ts$'],
  typeorm: [
    '^src/(access|database|events|ingest|monitoring|records|retrain|suggest|commands|embedded)/',
    '^src/[a-z.-]+\\.ts$',
  ],
  pg: ['^src/(database|events|embedded)/'],
  '@nestjs/': [
    '^src/(access|events|http|ingest|monitoring|retrain|suggest|processes)/',
    '^src/[a-z.-]+\\.ts$',
    '^src/commands/',
  ],
  express: ['^src/(access|http|suggest)/', '^src/http-server\\.ts$'],
};

const pattern = (path) => `^${path}${path.endsWith('.ts') ? '$' : '/'}`;

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', comment: 'A circle, types included', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      severity: 'error',
      comment: 'A file that nothing imports',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '\\.worker\\.ts$'] },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'a-room-for-every-file',
      severity: 'error',
      comment: 'A folder of src that has no row here',
      from: {
        path: '^src/.+/',
        pathNot: [...Object.keys(rooms).map(pattern), '^src/commands/'],
      },
      to: {},
    },
    ...Object.entries(rooms).map(([room, imports]) => ({
      name: room,
      severity: 'error',
      comment: `${room} imports only ${imports.join(', ') || 'the ground'}`,
      from: { path: pattern(room) },
      to: { path: '^(src|migrations)/', pathNot: [room, ...imports, ...ground].map(pattern) },
    })),
    ...Object.entries(faces).map(([part, files]) => ({
      name: `${part}-face`,
      severity: 'error',
      comment: `Other parts use ${part} through its public files`,
      from: { path: '^src/', pathNot: `^${part}/` },
      to: { path: `^${part}/`, pathNot: `^${part}/(${files.join('|')})\\.ts$` },
    })),
    ...Object.entries(packages).map(([name, files]) => ({
      name: `package-${name}`,
      severity: 'error',
      comment: `${name} is used in these files only`,
      from: { path: '^src/', pathNot: files },
      to: { path: `node_modules/${name.endsWith('/') ? name : `${name}/`}`, dependencyTypesNot: ['type-only'] },
    })),
    {
      name: 'nobody-imports-the-top',
      severity: 'error',
      comment: 'Only the top composes the parts: main, the module, the command line',
      from: { path: '^src/.+/', pathNot: '^src/commands/' },
      to: { path: '^src/([a-z.-]+\\.ts$|commands/)' },
    },
    {
      name: 'console-layers',
      severity: 'error',
      comment: 'service < ui < templates, agent < ml, embed',
      from: { path: '^console/src/(service|ui)/' },
      to: { path: '^console/src/', pathNot: ['^console/src/(service|messages)/', '^console/src/ui/'] },
    },
    {
      name: 'console-apart',
      severity: 'error',
      comment: "The pages know the service by its API's types only",
      from: { path: '^console/' },
      to: { path: '^(src|migrations)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    reporterOptions: {
      archi: {
        collapsePattern: '^src/(models|monitoring|suggest|retrain|commands)/[^/]+|^src/[^/]+',
      },
    },
  },
};
