/**
 * A cluster that never was, as the watch streams that kubectl would have printed of it: pods of
 * Deployments, StatefulSets, Jobs and DaemonSets come, are bound, run, finish and go, with whatever
 * else such a stream may hold. Pure: the same seed gives the same lines. It says what a reader
 * should make of them.
 */
import { type SeededRandom, seededRandom } from '../../infra/demo/seeded-random.ts';

export interface ClusterInit {
  readonly seed: number;
  readonly nodes: number;
  readonly namespaces: number;
  /** Pods that come, in all. */
  readonly pods: number;
  /** Recorded time. */
  readonly seconds: number;
  /** Whether objects have the times at which they were written. @default true */
  readonly timestamps?: boolean;
  /** Share of lines that are no good, from 0 to 1. @default 0 */
  readonly noise?: number;
  /** @default IPv4 */
  readonly podIps?: 'v4' | 'v6' | 'mixed-case-v6';
}

export type StreamName = 'nodes' | 'namespaces' | 'pods';

export interface FakeCluster {
  /** Lines of each stream, without their ends. */
  readonly lines: Readonly<Record<StreamName, readonly string[]>>;
  readonly uids: ReadonlySet<string>;
  /** Not deleted. */
  readonly liveUids: ReadonlySet<string>;
  readonly uidsCreated: number;
  readonly uidsDeleted: number;
  /** Numbers, from 1, of the lines of `pods` that a reader has to refuse. */
  readonly refused: readonly number[];
}

type Owner = 'ReplicaSet' | 'StatefulSet' | 'Job' | 'DaemonSet';

interface FakePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly owner: Owner;
  readonly node: string | null;
  readonly createdMs: number;
  phase: string;
  bound: boolean;
}

const START_MS = Date.parse('2026-03-01T10:00:00Z');
const OWNERS: readonly Owner[] = ['ReplicaSet', 'ReplicaSet', 'StatefulSet', 'Job', 'DaemonSet'];
const NEVER_BOUND_SHARE = 0.05;
const HUGE_BYTES = 300_000;

export function fakeCluster(init: ClusterInit): FakeCluster {
  const random = seededRandom(init.seed);
  const nodes = Array.from(
    { length: init.nodes },
    (_, at) => `ip-10-0-${at}-7.eu.compute.internal`,
  );
  const namespaces = Array.from({ length: init.namespaces }, (_, at) => `team-${at}`);
  const writer = createWriter(init, random);
  const live: FakePod[] = [];
  const stepMs = (init.seconds * 1000) / (init.pods * 2);
  let nowMs = START_MS;
  let made = 0;

  function create(): void {
    const owner = pick(OWNERS, random);
    const namespace = pick(namespaces, random);
    made += 1;
    const known = live.filter((pod) => pod.namespace === namespace).map(({ name }) => name);
    const ordinal = Array.from({ length: made }, (_, at) => `db-${at}`).find(
      (name) => !known.includes(name),
    );
    const isBound = random.next() > NEVER_BOUND_SHARE;
    const pod: FakePod = {
      namespace,
      // A StatefulSet's pod comes again under the name of the one that went.
      name: owner === 'StatefulSet' ? (ordinal ?? 'db-0') : `app-${random.suffix(5)}`,
      uid: `${init.seed}-${made}-${random.suffix(8)}`,
      owner,
      node: isBound ? pick(nodes, random) : null,
      createdMs: nowMs,
      phase: 'Pending',
      bound: false,
    };
    live.push(pod);
    writer.pod('ADDED', pod, nowMs);
    if (!isBound) return;
    pod.bound = true;
    writer.pod('MODIFIED', pod, nowMs + 5);
    pod.phase = 'Running';
    writer.pod('MODIFIED', pod, nowMs + stepMs / 2);
  }

  function change(): void {
    const at = random.below(live.length);
    const pod = live[at];
    if (pod === undefined) return;
    if (pod.owner === 'Job' && pod.phase === 'Running') {
      pod.phase = random.below(2) === 0 ? 'Succeeded' : 'Failed';
      writer.pod('MODIFIED', pod, nowMs);
      return;
    }
    live.splice(at, 1);
    writer.pod('MODIFIED', pod, nowMs);
    writer.pod('DELETED', pod, nowMs + 5);
  }

  while (made < init.pods) {
    nowMs += stepMs;
    if (live.length < 3 || random.below(5) < 3) create();
    else change();
  }
  return {
    lines: {
      nodes: nodes.map((name, at) => nodeLine(name, at)),
      namespaces: namespaces.map((name, at) => namespaceLine(name, at)),
      pods: writer.lines,
    },
    uids: writer.uids,
    liveUids: new Set(live.map(({ uid }) => uid)),
    uidsCreated: made,
    uidsDeleted: made - live.length,
    refused: writer.refused,
  };
}

function createWriter(init: ClusterInit, random: SeededRandom) {
  const lines: string[] = [];
  const refused: number[] = [];
  const uids = new Set<string>();
  return {
    uids,
    lines,
    refused,
    pod: (type: string, pod: FakePod, atMs: number): void => {
      if (random.next() < (init.noise ?? 0)) {
        const { text, isRefused } = noise(random);
        lines.push(text);
        if (isRefused) refused.push(lines.length);
      }
      uids.add(pod.uid);
      lines.push(JSON.stringify({ type, object: podObject(pod, init, atMs) }));
    },
  };
}

function podObject(pod: FakePod, { timestamps = true, podIps = 'v4' }: ClusterInit, atMs: number) {
  const { namespace, name, uid, owner, phase, bound, node } = pod;
  const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');
  const ip = {
    v4: '10.42.3.9',
    v6: 'fd00:10:42::9',
    'mixed-case-v6': 'FD00:10:42:0:0::A',
  }[podIps];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      uid,
      labels: { app: name.split('-')[0] },
      ...(timestamps ? { creationTimestamp: time(pod.createdMs) } : {}),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: owner, name: 'owner', uid: 'o', controller: true },
      ],
    },
    spec: {
      ...(bound && node !== null ? { nodeName: node } : {}),
      ...(owner === 'DaemonSet' ? { hostNetwork: true } : {}),
      containers: [{ name: 'main', image: 'main:1' }],
    },
    status: {
      phase,
      ...(phase === 'Running' ? { podIP: ip, podIPs: [{ ip }] } : {}),
      ...(timestamps
        ? { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time(atMs) }] }
        : {}),
    },
  };
}

/** A line that is no change of a pod, and whether a reader has to refuse it. */
function noise(random: SeededRandom): { readonly text: string; readonly isRefused: boolean } {
  const pod = { apiVersion: 'v1', kind: 'Pod' };
  const of = (type: string, object: unknown): string => JSON.stringify({ type, object });
  const named = { namespace: 'team-0', name: 'broken' };
  const gone = {
    kind: 'Status',
    apiVersion: 'v1',
    code: 410,
    reason: 'Expired',
    message: 'too old',
  };
  const texts: readonly (readonly [text: string, isRefused: boolean])[] = [
    [of('BOOKMARK', { ...pod, metadata: { resourceVersion: '7' } }), false],
    ['', false],
    [of('ADDED', { apiVersion: 'v1', kind: 'ConfigMap', metadata: named }), false],
    [of('ERROR', gone), true],
    ['{"type":"MODIFIED","object":{"kind":"Pod","meta', true],
    ['error: unable to recognize "": EOF \u001b[31m', true],
    [of('ADDED', { ...pod, metadata: named, spec: {} }), true],
    [of('ADDED', { ...pod, metadata: { ...named, uid: 'no-spec' } }), true],
    [of('MODIFIED', { ...pod, metadata: { ...named, uid: 'bad' }, spec: { nodeName: 5 } }), true],
    [of('DELETED', { ...pod, metadata: { namespace: 'team-0' } }), true],
    [of('Added', { ...pod, metadata: named, spec: {} }), true],
    [JSON.stringify([]), true],
    ['{"type":"ADDED","object":null}', true],
    [`{"type":"ADDED","object":"${'x'.repeat(HUGE_BYTES)}"}`, true],
  ];
  const [text, isRefused] = pick(texts, random);
  return { text, isRefused };
}

function nodeLine(name: string, at: number): string {
  const object = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${at}`, labels: { 'kubernetes.io/hostname': name } },
    status: {
      addresses: [{ type: 'InternalIP', address: `10.0.${at}.7` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
  return JSON.stringify({ type: 'ADDED', object });
}

/** Every other one without labels. */
function namespaceLine(name: string, at: number): string {
  const labels = at % 2 === 0 ? { labels: { 'kubernetes.io/metadata.name': name } } : {};
  const metadata = { name, uid: `namespace-${at}`, ...labels };
  return JSON.stringify({
    type: 'ADDED',
    object: { apiVersion: 'v1', kind: 'Namespace', metadata },
  });
}

function pick<T>(list: readonly T[], random: SeededRandom): T {
  const one = list[random.below(list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
