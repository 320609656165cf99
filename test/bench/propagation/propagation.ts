/** `bench propagation`: how long it takes until a bound pod is mapped on its node. */
import type { Benchmark, BenchmarkRun, Findings, Size } from '../benchmark.ts';
import { type HistoryInit, TARGETS_PER_EGRESS_NAT } from '../fold/history.ts';
import { grouped } from '../numbers.ts';
import { quantile } from '../rounds.ts';
import { GATEWAYS, measureAt } from './measure-at.ts';

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
const GOAL_MS = 50;

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
  const its = { history, servers: null };
  const slowRate = podsPerSecond / 10;
  const slowly = await measureAt({ ...its, pods: Math.ceil(pods / 10), podsPerSecond: slowRate });
  say(`${podsPerSecond / 10} pods/s: done`);
  const fast = await measureAt({ ...its, pods, podsPerSecond });
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
