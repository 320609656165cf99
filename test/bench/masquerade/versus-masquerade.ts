/** `bench versus-masquerade`: what a node costs a packet and a connection, kind of node by kind. */
import { mountBpfFileSystem } from '../../../bpf/test/bpf-file-system.ts';
import { namespaces } from '../../../bpf/test/namespaces.ts';
import type { Benchmark, BenchmarkRun, Findings, Goal, Measure, Size } from '../benchmark.ts';
import { grouped } from '../numbers.ts';
import { inTurn, median, ratios } from '../rounds.ts';
import { type Flood, flood, serve } from './flood.ts';
import { FLOODED, KINDS, openPath, type Path, PLAIN, TARGET } from './path.ts';

const MILLISECONDS: Readonly<Record<Size, number>> = { tiny: 20, quick: 300, full: 1_000 };
const PORT = 5432;
const SOCKETS = 16;
const FLOWS = 1_024;

interface Load {
  readonly what: string;
  readonly unit: 'packets/s' | 'connections/s';
  /** `lab-flood`'s words. */
  words(ms: number): readonly (string | number)[];
  /** Against plain routing, by kind of node. */
  readonly goals: Readonly<Record<string, Goal>>;
}

const LOADS: readonly Load[] = [
  {
    what: `UDP packets of ${grouped(FLOWS)} flows`,
    unit: 'packets/s',
    words: (ms) => ['udp', FLOODED, SOCKETS, FLOWS, ms],
    goals: { berth: { atLeast: 0.9 } },
  },
  {
    what: 'UDP packets, each a new flow',
    unit: 'packets/s',
    words: (ms) => ['udp', FLOODED, SOCKETS, 0, ms],
    goals: { berth: { atLeast: 0.9 } },
  },
  {
    what: 'new TCP connections',
    unit: 'connections/s',
    words: (ms) => ['tcp', TARGET, PORT, ms],
    goals: { berth: { atLeast: 0.98 } },
  },
];

export const versusMasquerade: Benchmark = {
  name: 'versus-masquerade',
  about: `A pod sends through a node to a target, over veths, on one core, which does all of it:
sending, the node's forwarding, the target's dropping or answering. Told is how many packets or
connections one CPU second of that core gives, against a node that only routes (without connection
tracking), and beside it nftables masquerade. Berth's node is in mode \`compat\`: once alone, and
once beside a CNI's masquerade that exempts the protected networks, so that connections are tracked
all the same. Sender and target are in the sum, so a node's own cost differs more than the ratios.`,
  needs: { root: true },
  run: measureVersusMasquerade,
};

async function measureVersusMasquerade(run: BenchmarkRun): Promise<Findings> {
  const fileSystem = mountBpfFileSystem();
  const spaces = namespaces();
  const paths: Path[] = [];
  const servers = [];
  try {
    for (const [number, kind] of KINDS.entries()) {
      const path = await openPath(spaces, kind, { number, pinRoot: fileSystem.path });
      paths.push(path);
      servers.push(await serve(path.target, PORT));
    }
    return await measurePaths(paths, run);
  } finally {
    for (const server of servers) server.kill('SIGKILL');
    for (const path of paths) path.close();
    spaces.close();
    fileSystem.unmount();
  }
}

async function measurePaths(
  paths: readonly Path[],
  { size, rounds, say }: BenchmarkRun,
): Promise<Findings> {
  const ms = MILLISECONDS[size];
  const measures: Measure[] = [];
  let allArrived = true;
  for (const load of LOADS) {
    const contenders = paths.map((path) => {
      const contender = async (): Promise<Flood> => {
        const before = path.arrived();
        const sent = flood(path.pod, ...load.words(ms));
        const arrived = load.unit === 'connections/s' ? sent.count : path.arrived() - before;
        if (sent.count === 0 || sent.failed > 0 || arrived !== sent.count) allArrived = false;
        return sent;
      };
      return [path.kind.name, contender] as const;
    });
    const found = await inTurn(rounds, Object.fromEntries(contenders));
    measures.push(...measuresOf(load, found));
    say(`${load.what}: done`);
  }
  const strangers = paths.reduce((sum, path) => sum + path.strangers(), 0);
  return {
    setting: `${ms} ms a turn, frames of 60 bytes`,
    measures,
    proofs: [
      { what: 'all that was sent arrived, and every connection was made', holds: allArrived },
      {
        what: "every packet came as it shall: from the pod's, the node's or the NAT address",
        holds: strangers === 0,
      },
    ],
  };
}

function measuresOf(load: Load, found: Readonly<Record<string, readonly Flood[]>>): Measure[] {
  const rate = (name: string): number[] => (found[name] ?? []).map(({ cpuNs }) => 1e9 / cpuNs);
  const plain = rate(PLAIN.name);
  const masquerade = median(ratios(rate('masquerade'), plain));
  const goalOf = (name: string): Goal | undefined =>
    name === 'berth beside masquerade' ? { atLeast: masquerade } : load.goals[name];
  return [
    { what: `${load.what}: plain`, unit: load.unit, values: plain },
    ...KINDS.filter((kind) => kind !== PLAIN).map(({ name }): Measure => {
      const goal = goalOf(name);
      const values = ratios(rate(name), plain);
      return { what: `${load.what}: ${name}`, unit: 'x', values, ...(goal && { goal }) };
    }),
  ];
}
