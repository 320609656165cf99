/** `bench hub`: one hub, many agents over real gRPC with mTLS, pods that come and go. */
import type { EventRecord } from '../../../services/contract/records.ts';
import { testAuthority } from '../../hub/test-certificates.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Benchmark, BenchmarkRun, Findings, Measure, Size } from '../benchmark.ts';
import { type Control, startControl } from '../control/control.ts';
import { paced } from '../control/paced.ts';
import { grouped } from '../numbers.ts';
import { quantile } from '../rounds.ts';
import { fillFolder, GATEWAYS, type Population } from './filled-folder.ts';
import { type SimulatedAgent, simulatedAgent } from './simulated-agent.ts';

interface HubSize extends Population {
  readonly changes: number;
  readonly changesPerSecond: number;
}

const SIZES: Readonly<Record<Size, HubSize>> = {
  tiny: { nodes: 4, pods: 20, namespaces: 2, changes: 20, changesPerSecond: 1_000 },
  quick: { nodes: 100, pods: 3_000, namespaces: 20, changes: 3_000, changesPerSecond: 1_000 },
  full: { nodes: 1_000, pods: 30_000, namespaces: 100, changes: 10_000, changesPerSecond: 1_000 },
};
const GOAL_NODES = 5_000;
const MIB = 1024 ** 2;
const GOAL_MIB = 1_024;
/** Handshakes at once; a fleet that reconnects has jitter. */
const CONNECTING_MAX = 50;

export const hub: Benchmark = {
  name: 'hub',
  about: `A hub in a process of its own, with the embedded log, starts from checkpoints and
serves so many agents over gRPC with mTLS, each with a certificate of its own, and two gateways
that have every block. Then pods come and go; each change goes to its node and to both gateways.
The records were decided before: the hub's process appends and folds them, and no mapper runs in
it. Agents are simulated (they check the checksum and ack at once) and share another process,
with whoever appends, so a delay has their part in it. To ${grouped(GOAL_NODES)} nodes memory is
extrapolated: what is above the memory of a hub without pods and agents, by the number of nodes;
that is half a MiB for an agent's link with its pods, too much for the goal.`,
  needs: { root: false },
  run: measureHub,
};

async function measureHub({ size, say }: BenchmarkRun): Promise<Findings> {
  const { changes, changesPerSecond, ...population } = SIZES[size];
  const empty = await emptyHubMib();
  const folder = await temporaryFolder();
  const history = await fillFolder(folder.path, population);
  const deltas = Array.from({ length: changes }, () =>
    history.step(1, 'time stands still').map(({ record }) => record),
  );
  say('the folder is filled');
  const authority = await testAuthority();
  const certificate = await authority.hub();
  const control = await startControl({ dir: folder.path, mapper: false, certificate });
  const fleet = await connectFleet(control, { ...population, authority, say });
  const count = population.nodes + GATEWAYS.length;
  await control.until(({ inSync }) => inSync === count);
  say(`${count} agents are in sync`);
  const before = await control.look();
  const started = performance.now();
  await paced(deltas, changesPerSecond, async (records) => {
    fleet.appended(records.flat(), await control.append(records.flat()));
  });
  const seconds = (performance.now() - started) / 1000;
  const after = await control.until(({ inSync }) => inSync === count);
  const latencies = fleet.latencies();
  control.stop();
  fleet.stop();
  await folder.remove();

  const mib = after.rssBytes / MIB;
  const perNode = (mib - empty) / count;
  const extrapolated: Measure = {
    what: `memory at ${grouped(GOAL_NODES)} nodes, as many pods each`,
    unit: 'MiB',
    values: [empty + perNode * GOAL_NODES],
    goal: { atMost: GOAL_MIB },
    note: 'extrapolated',
  };
  const cores = (after.cpuSeconds - before.cpuSeconds) / seconds;
  const perSecond = changes / seconds;
  return {
    setting: [
      `${grouped(population.nodes)} nodes, ${grouped(history.livePods())} pods`,
      `${grouped(perSecond)} changes/s for ${seconds.toFixed(0)} s`,
    ].join(', '),
    measures: [
      { what: 'memory (RSS) in the end', unit: 'MiB', values: [mib] },
      // From a few nodes it would be a guess.
      ...(size === 'full' ? [extrapolated] : []),
      { what: 'memory without pods and agents', unit: 'MiB', values: [empty] },
      {
        what: 'CPU at 1,000 changes/s',
        unit: 'cores',
        values: [(cores * 1_000) / perSecond],
        goal: { atMost: 1 },
        note: `measured at ${grouped(perSecond)}/s`,
      },
      {
        what: 'append to arrival on the node, p50',
        unit: 'ms',
        values: [quantile(latencies, 0.5)],
      },
      {
        what: 'append to arrival on the node, p99',
        unit: 'ms',
        values: [quantile(latencies, 0.99)],
      },
      {
        what: 'start from checkpoints, until it serves',
        unit: 's',
        values: [control.startedInMs / 1000],
      },
    ],
    proofs: [
      { what: 'every agent ended in sync with the hub, by checksum', holds: fleet.isRight() },
      { what: 'every pod that came and stayed arrived on its node', holds: fleet.allArrived() },
    ],
  };
}

async function emptyHubMib(): Promise<number> {
  const folder = await temporaryFolder();
  const certificate = await (await testAuthority()).hub();
  const control = await startControl({ dir: folder.path, mapper: false, certificate });
  const { rssBytes } = await control.look();
  control.stop();
  await folder.remove();
  return rssBytes / MIB;
}

interface Fleet {
  readonly nodes: number;
  readonly authority: Awaited<ReturnType<typeof testAuthority>>;
  readonly say: BenchmarkRun['say'];
}

async function connectFleet({ port, until }: Control, { nodes, authority, say }: Fleet) {
  const appendedAt = new Map<string, number>();
  const arrivedAt = new Map<string, number>();
  const gone = new Set<string>();
  const faults: string[] = [];
  const agents: SimulatedAgent[] = [];
  const names = [...Array.from({ length: nodes }, (_, number) => `node-${number}`), ...GATEWAYS];
  for (const node of names) {
    const files = await authority.node(node);
    const taken = (keys: readonly string[]): void => {
      const now = performance.timeOrigin + performance.now();
      for (const key of keys) if (!arrivedAt.has(key)) arrivedAt.set(key, now);
    };
    agents.push(simulatedAgent({ node, port, files, taken, wrong: (text) => faults.push(text) }));
    const connected = agents.length - CONNECTING_MAX;
    if (agents.length % CONNECTING_MAX === 0) {
      await until((look) => look.connected >= connected);
      say(`${agents.length} agents have come`);
    }
  }
  const latencies = (): number[] =>
    [...appendedAt].flatMap(([key, atMs]) => {
      const arrived = arrivedAt.get(key);
      return arrived === undefined ? [] : [Math.max(0, arrived - atMs)];
    });
  return {
    appended(records: readonly EventRecord[], atMs: number): void {
      for (const { body } of records) {
        if (body.type === 'PodObserved') appendedAt.set(`pod/${body.pod.uid}`, atMs);
        // It may have gone before anything was sent.
        if (body.type === 'PodGone') gone.add(`pod/${body.uid}`);
      }
    },
    latencies,
    isRight: () => faults.length === 0,
    allArrived: () => [...appendedAt.keys()].every((key) => gone.has(key) || arrivedAt.has(key)),
    stop: () => {
      for (const agent of agents) agent.stop();
    },
  };
}
