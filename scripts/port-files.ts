/**
 * Which files under `services/ports/` are adapters: every file and folder of a port but those named
 * here. Only a `main.ts` may import an adapter, and each must run its port's conformance suite.
 */

/** Parts of every port. A suite may be split over several files named `conformance...`. */
const PARTS_OF_A_PORT = ['port\\.ts', 'conformance[^/]*\\.ts', 'conformance/.*', '.*\\.test\\.ts'];

/** `<port>/<file or folder>`: what several adapters of one port share, each with its reason. */
export const SHARED_BY_ADAPTERS: Readonly<Record<string, string>> = {
  'jobs/backoff.ts': 'how long a job that failed waits, whoever keeps it',
  'datapath/packet-runner.ts': 'the port beside the port: how both run a packet without a network',
  'datapath/tables': "the tables' entries as bytes and back: the agent writes and reads them too",
  'source/objects': 'how Kubernetes objects are read, whatever source they come from',
  'source/object-key.ts': 'what an object is known by; the watcher compares by it too',
  'source/problem.ts': 'how refused input is told',
  'source/fixtures': 'objects for tests, and how a test watches a source',
  'source/doorbell.ts': 'how a source that looks at files waits',
  'source/recording-time.ts': 'when each line of a recording was written, for who plays it',
  'source/supplied-policies.ts': 'the policies that a recording lacks, for who plays it',
};

/** Folders beside the ports, each with its reason. Adapters of any port may import them. */
export const SHARED_BY_PORTS: Readonly<Record<string, string>> = {
  'data-folder': 'the one LMDB environment that the embedded adapters of all ports live in',
  kafka: 'the Kafka client as Berth needs it, the one folder that knows kafkajs',
};

const parts = PARTS_OF_A_PORT.map((part) => `[^/]+/${part}`);
// Files of a shared folder, or a shared file. dependency-cruiser refuses nested repetition.
const shared = Object.keys(SHARED_BY_ADAPTERS).flatMap((path) => {
  const literal = path.replaceAll('.', '\\.');
  return [literal, `${literal}/[^/]+`];
});

/** Matches the path of every adapter file, and of the folders that ports share. */
export const ADAPTER_PATH = `^services/ports/(?!(${[...parts, ...shared].join('|')})$)`;
/** Matches what the ports share. */
export const SHARED_PATH = `^services/ports/(${Object.keys(SHARED_BY_PORTS).join('|')})/`;
