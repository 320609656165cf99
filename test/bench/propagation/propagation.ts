/** `bench propagation`: how long it takes until a bound pod is mapped on its node. */
import { ask } from '../../../services/agent/ask-agent-fixtures.ts';
import { testAuthority } from '../../hub/test-certificates.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Benchmark, BenchmarkRun, Findings, Size } from '../benchmark.ts';
import { type Control, startControl } from '../control/control.ts';
import { paced } from '../control/paced.ts';
import { type HistoryInit, TARGETS_PER_EGRESS_NAT } from '../fold/history.ts';
import { grouped } from '../numbers.ts';
import { quantile } from '../rounds.ts';
import { type ChurnItem, churn, nodeFacts } from './churn.ts';
import { startFleet } from './fleet.ts';

interface PropagationSize {
  readonly history: HistoryInit;
  readonly pods: number;
  readonly podsPerSecond: number;
}

const SMALL: HistoryInit = { namespaces: 2, podsPerNamespace: 20, targets: 4, nodes: 2 };
const CLUSTER: HistoryInit = { namespaces: 40, podsPerNamespace: 50, targets: 20, nodes: 8 };
const SIZES: Readonly<Record<Size, PropagationSize>> = {
  tiny: { history: SMALL, pods: 20, podsPerSecond: 100 },
  quick: { history: CLUSTER, pods: 2_000, podsPerSecond: 1_000 },
  full: { history: CLUSTER, pods: 10_000, podsPerSecond: 1_000 },
};
const GATEWAYS = ['gateway-1', 'gateway-2'];
const GOAL_MS = 50;
const LIVES_SECONDS = 1;
const OUTCOME_LOOKS_MAX = 100;

export const propagation: Benchmark = {
  name: 'propagation',
  about: `Pods are bound and go, at so many a second. Told is the time from the append of the
observation that a pod was bound to the read-back of its mapping on its node, by the log's own
records. Watched are a control process (log, mapper, hub), as in \`berth up\`, and real agents
over gRPC with mTLS, all of them in one process with whoever feeds and announces the pods on
their CNI sockets, as a runtime does; tables are the kernel's where this runs as root,
interfaces are not made. Two gateways get every block. A slower rate beside it tells what of the
time is waiting for the machine, and one tells how much of it the mapper has. Ten agents, their pods
and the control process share the machine's cores with all else that runs there; how much of the
time is waiting for those is not told apart.
The last lines count what is sent to targets' ACLs, against one
update for each pod and target.`,
  needs: { root: false },
  run: measurePropagation,
};

async function measurePropagation({ size, say }: BenchmarkRun): Promise<Findings> {
  const { history, pods, podsPerSecond } = SIZES[size];
  const slowly = await measureAt(history, Math.ceil(pods / 10), podsPerSecond / 10);
  say(`${podsPerSecond / 10} pods/s: done`);
  const fast = await measureAt(history, pods, podsPerSecond);
  const naive = 2 * pods * TARGETS_PER_EGRESS_NAT;
  return {
    setting: [
      `${history.nodes} nodes, ${GATEWAYS.length} gateways, tables in the ${fast.tables}`,
      `${grouped(pods)} pods, ${fast.rate.toFixed(0)} a second in the end`,
    ].join(', '),
    measures: [
      {
        what: `bound to mapped at ${grouped(podsPerSecond)} pods/s, p50`,
        unit: 'ms',
        values: [quantile(fast.latencies, 0.5)],
      },
      {
        what: `bound to mapped at ${grouped(podsPerSecond)} pods/s, p99`,
        unit: 'ms',
        values: [quantile(fast.latencies, 0.99)],
        goal: { atMost: GOAL_MS },
      },
      {
        what: 'of it, until the decision is in the log, p50',
        unit: 'ms',
        values: [quantile(fast.untilDecided, 0.5)],
      },
      {
        what: 'of it, until the decision is in the log, p99',
        unit: 'ms',
        values: [quantile(fast.untilDecided, 0.99)],
      },
      {
        what: `bound to mapped at ${grouped(podsPerSecond / 10)} pods/s, p50`,
        unit: 'ms',
        values: [quantile(slowly.latencies, 0.5)],
      },
      {
        what: `bound to mapped at ${grouped(podsPerSecond / 10)} pods/s, p99`,
        unit: 'ms',
        values: [quantile(slowly.latencies, 0.99)],
      },
      {
        what: 'CPU of the control process',
        unit: 'cores',
        values: [fast.controlCores],
      },
      { what: "updates of targets' ACLs", unit: 'updates', values: [fast.aclUpdates] },
      { what: 'peer: pods x targets, come and gone', unit: 'updates', values: [naive] },
    ],
    proofs: [
      {
        what: 'every pod that was to stay was mapped, and its node said so after read-back',
        holds: slowly.allMapped && fast.allMapped,
      },
    ],
  };
}

interface Measured {
  /** Milliseconds, of every pod that was mapped. */
  readonly latencies: readonly number[];
  readonly untilDecided: readonly number[];
  readonly allMapped: boolean;
  readonly rate: number;
  readonly tables: string;
  readonly controlCores: number;
  readonly aclUpdates: number;
}

async function measureAt(
  history: HistoryInit,
  pods: number,
  podsPerSecond: number,
): Promise<Measured> {
  const folder = await temporaryFolder();
  const authority = await testAuthority();
  const certificate = await authority.hub();
  const control = await startControl({ dir: folder.path, mapper: true, certificate });
  const nodes = Array.from({ length: history.nodes }, (_, number) => `node-${number}`);
  const { port } = control;
  const gateways = GATEWAYS;
  const fleet = await startFleet({ dir: folder.path, port, nodes, gateways, authority });
  await control.nodes(nodes.map((name) => nodeFacts(name, {})));
  await control.nodes(gateways.map((name) => nodeFacts(name, { gateway: 'yes' })));
  const livePods = Math.ceil(podsPerSecond * LIVES_SECONDS);
  const { scenery, items } = churn(history, { pods, livePods });
  await control.append(scenery);
  await control.until(({ connected }) => connected === nodes.length + gateways.length);

  const boundAt = new Map<string, number>();
  const calls: Promise<unknown>[] = [];
  const before = await control.look();
  const started = performance.now();
  await paced(items, podsPerSecond, async (some) => {
    for (const item of some) calls.push(...announce(item, fleet.socketOf));
    const atMs = await control.append(some.flatMap(({ records }) => records));
    for (const { comes } of some) boundAt.set(comes.uid, atMs);
  });
  const seconds = (performance.now() - started) / 1000;
  const after = await control.look();
  await Promise.all(calls);
  await control.until(({ inSync }) => inSync === nodes.length + gateways.length);
  const stayed = items.slice(-livePods).map(({ comes }) => comes.uid);
  const { mappedAt, grantedAtMs, aclUpdates } = await outcomeOf(control, stayed);
  await fleet.stop();
  control.stop();
  await folder.remove();
  const since = (times: ReadonlyMap<string, number>): number[] =>
    [...boundAt].flatMap(([uid, atMs]) => {
      const thenMs = times.get(uid);
      return thenMs === undefined ? [] : [Math.max(0, thenMs - atMs)];
    });
  return {
    latencies: since(mappedAt),
    untilDecided: since(grantedAtMs),
    allMapped: stayed.every((uid) => mappedAt.has(uid)),
    rate: pods / seconds,
    tables: fleet.tables,
    controlCores: (after.cpuSeconds - before.cpuSeconds) / seconds,
    aclUpdates,
  };
}

/** Acks become records a moment after they came. */
async function outcomeOf({ outcome }: Control, stayed: readonly string[]) {
  for (let look = 1; ; look++) {
    const { acks, grantedAtMs, aclUpdates } = await outcome();
    const mappedAt = new Map<string, number>();
    for (const { mapped, readBackAtMs } of acks) {
      for (const uid of mapped) if (!mappedAt.has(uid)) mappedAt.set(uid, readBackAtMs);
    }
    const all = stayed.every((uid) => mappedAt.has(uid));
    if (all || look === OUTCOME_LOOKS_MAX) return { mappedAt, grantedAtMs, aclUpdates };
  }
}

/** As a runtime does: the network of a pod that is bound is made, of one that is gone undone. */
function announce({ comes, goes }: ChurnItem, socketOf: (node: string) => string) {
  const { uid, ip, node, hostInterface } = comes;
  const add = { verb: 'add', uid, ip, netns: null, hostInterface };
  const calls = [ask(socketOf(node), add)];
  if (goes !== null) {
    const { uid: gone, ip: address, hostInterface: was } = goes;
    const del = { verb: 'del', uid: gone, ip: address, netns: null, hostInterface: was };
    calls.push(ask(socketOf(goes.node), del));
  }
  return calls;
}
