/**
 * Who may import whom: docs/ARCHITECTURE.md, "Where each thing lives", as rules. Each comment says
 * what to do instead. test/tidy/import-rules.test.ts proves that each rule bites.
 */
import { ADAPTER_PATH, SHARED_PATH } from './scripts/port-files.ts';

const TEST = '\\.test\\.ts$';
const SUITE = ['(^|[/.-])conformance\\.ts$', '/conformance/', '/conformance-[^/]+\\.ts$'];
const MAIN = '[/-]main\\.ts$';
/** How adapters say what they did: names and words are contract/'s, nobody need listen. */
const CHANNELS = '^services/runtime/channels\\.ts$';
/** How anybody sleeps until there is something to do, or nothing more. */
const WAKE = '^services/runtime/(wake|aborted)\\.ts$';
/** What adapters take from whoever makes them. */
const COMPONENTS = '^services/runtime/(clock|random|log)\\.ts$';
const LAYERS = 'contract|ports|runtime|aggregates';

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  {
    name: 'no-cycles',
    comment:
      'Two files that need each other hold one concept, or miss a third: merge, or split it out.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-unresolvable',
    comment: 'The file or package is not there: fix the path, or add the package (npm i -E).',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-dev-dependencies-in-source',
    comment:
      'An image holds no dev dependencies: move the package to "dependencies", or do without.',
    severity: 'error',
    from: { path: '^(services|native)/', pathNot: [TEST, ...SUITE] },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'contract-imports-nothing-of-ours',
    comment: 'contract/ is the shared words. Move what it needs into it, or this out of it.',
    severity: 'error',
    from: { path: '^services/contract/', pathNot: TEST },
    to: { path: '^(services/(?!contract/)|infra/|native/|scripts/)' },
  },
  {
    name: 'contract-has-no-io',
    comment: "contract/ takes createHash of node:crypto alone. I/O is an adapter's, in ports/.",
    severity: 'error',
    from: { path: '^services/contract/', pathNot: TEST },
    to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
  },
  {
    name: 'aggregates-import-contract-alone',
    comment: 'The fold is pure: take what it needs as an argument, or put the word into contract/.',
    severity: 'error',
    from: { path: '^services/aggregates/', pathNot: TEST },
    to: { path: '^(services/(?!contract/|aggregates/)|infra/|native/|scripts/)' },
  },
  {
    name: 'aggregates-have-no-packages',
    comment: 'No Node module and no package in the fold. Hashes come from contract/canonical.ts.',
    severity: 'error',
    from: { path: '^services/aggregates/', pathNot: TEST },
    to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
  },
  {
    name: 'ports-import-contract-and-themselves',
    comment: 'An adapter knows its port and contract/. Move the shared word into contract/.',
    severity: 'error',
    from: { path: '^services/ports/([^/]+)/', pathNot: [TEST, ...SUITE] },
    to: {
      path: '^(services/(?!contract/|ports/$1/)|infra/|scripts/)',
      pathNot: [SHARED_PATH, COMPONENTS, CHANNELS, WAKE],
    },
  },
  {
    name: 'ports-take-components',
    comment: 'Clock and random come as components: import their types, never their values.',
    severity: 'error',
    from: { path: '^services/ports/', pathNot: [TEST, ...SUITE] },
    to: {
      path: COMPONENTS,
      // errorFields, how an error is told to a log, is a pure function.
      pathNot: '/log\\.ts$',
      dependencyTypesNot: ['type-only'],
    },
  },
  {
    name: 'runtime-knows-ports-not-adapters',
    comment: "runtime/ imports contract/ and a port's port.ts. The adapter comes from a main.ts.",
    severity: 'error',
    from: { path: '^services/runtime/', pathNot: TEST },
    to: {
      path: '^(services/(?!contract/|runtime/|ports/[^/]+/port\\.ts$)|infra/|native/|scripts/)',
    },
  },
  {
    name: 'services-do-not-import-each-other',
    comment: 'Services speak through the log. Shared words go to contract/; `berth up` is in cli/.',
    severity: 'error',
    from: {
      path: `^services/(?!${LAYERS}|cli)([^/]+)/`,
      pathNot: [MAIN, '\\.(int|conformance)\\.test\\.ts$'],
    },
    to: { path: '^services/', pathNot: `^services/(${LAYERS}|$1)/` },
  },
  {
    name: 'only-main-imports-adapters',
    comment: 'Import the port (port.ts) and take the adapter as a component; main.ts chooses it.',
    severity: 'error',
    from: {
      pathNot: [
        MAIN,
        TEST,
        ...SUITE,
        '^(infra|test)/',
        '^bpf/(test|gen)/',
        '^services/(cli|ports)/',
      ],
    },
    to: { path: ADAPTER_PATH },
  },
  {
    name: 'nobody-imports-a-main',
    comment: 'A main.ts starts a process when loaded. Move what you need out of it.',
    severity: 'error',
    from: {},
    to: { path: MAIN },
  },
  {
    name: 'source-does-not-import-tests',
    comment: 'Move what both need into source: a helper that source uses is no test helper.',
    severity: 'error',
    from: { pathNot: [TEST, ...SUITE, '^test/'] },
    to: { path: [TEST, '^test/'] },
  },
  {
    name: 'suites-run-in-conformance-tests',
    comment: "Call a port's suite from an adapter's *.conformance.test.ts, and nowhere else.",
    severity: 'error',
    from: { pathNot: ['\\.conformance\\.test\\.ts$', ...SUITE] },
    // frames.ts makes frames, for whoever needs some.
    to: { path: SUITE, pathNot: '/packets/frames\\.ts$' },
  },
  {
    name: 'services-do-not-import-infra',
    comment:
      'infra/ is how tests and the demo start the world around us; services know nothing of it.',
    severity: 'error',
    from: { path: '^services/', pathNot: [TEST, ...SUITE] },
    to: { path: '^(infra|scripts)/' },
  },
  {
    name: 'one-file-knows-ffi',
    comment:
      'Go through the Datapath port. Its kernel adapter, the lab and benchmarks call libberth.',
    severity: 'error',
    from: {
      pathNot: ['^services/ports/datapath/kernel', '^infra/lab/', '^native/', '^test/bench/'],
    },
    to: { path: '^native/libberth\\.ts$' },
  },
  {
    name: 'koffi-only-in-libberth',
    comment: 'Add a function to native/libberth.ts instead.',
    severity: 'error',
    from: { pathNot: '^native/libberth\\.ts$' },
    to: { path: 'node_modules/koffi/' },
  },
  {
    name: 'clients-only-in-adapters',
    comment: 'A store or broker client stays behind its port: no type of it leaks.',
    severity: 'error',
    from: { path: '^(services|native)/', pathNot: ['^services/ports/', TEST] },
    to: { path: 'node_modules/(kafkajs|bullmq|ioredis|lmdb)/' },
  },
  {
    name: 'redis-only-in-its-adapter',
    comment: "Go through the Jobs port: another client of Redis is another folder's matter.",
    severity: 'error',
    // A test may look into Redis beside the adapter.
    from: { pathNot: ['^services/ports/jobs/bullmq', '^infra/redis/', '\\.test\\.ts$'] },
    to: { path: 'node_modules/(bullmq|ioredis)/' },
  },
  {
    name: 'kafkajs-only-in-its-folder',
    comment: 'Go through services/ports/kafka/client.ts: its successor is to be a second folder.',
    severity: 'error',
    from: { pathNot: '^services/ports/kafka/' },
    to: { path: 'node_modules/kafkajs/' },
  },
  {
    name: 'certificates-are-issued-in-credentials',
    comment: 'Hub and agents only read certificates (runtime/tls-files.ts); the cli issues them.',
    severity: 'error',
    from: { pathNot: '^services/credentials/' },
    to: { path: 'node_modules/@peculiar/x509/' },
  },
  {
    name: 'agent-without-kubernetes-client',
    comment: 'It adds about 87 MB to every node. The agent hears of the cluster from the hub.',
    severity: 'error',
    from: { path: '^services/agent/main\\.ts$' },
    to: { path: 'node_modules/@kubernetes/client-node/', reachable: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)build/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
