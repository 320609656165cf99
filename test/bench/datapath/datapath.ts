/**
 * `bench datapath`: nanoseconds a packet, program by program (BPF_PROG_TEST_RUN), in full tables.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mountBpfFileSystem } from '../../../bpf/test/bpf-file-system.ts';
import { kernelTables } from '../../../services/ports/datapath/kernel/kernel-tables.ts';
import {
  type KernelObjects,
  openObjects,
} from '../../../services/ports/datapath/kernel/objects.ts';
import type { Benchmark, BenchmarkRun, Findings, Measure, Size } from '../benchmark.ts';
import { grouped } from '../numbers.ts';
import { inTurn, median, ratios } from '../rounds.ts';
import { openPeer } from './peer.ts';
import { STEPS, type Step, TCX_NEXT, XDP_PASS } from './steps.ts';
import { fillGateway, fillNode, type Population } from './tables.ts';
import { createTimer } from './timer.ts';

interface DatapathSize {
  readonly small: Population;
  readonly large: Population;
  readonly repeat: number;
  /** Of a step that runs once a call. */
  readonly calls: number;
}

const SMALL: Population = { pods: 10, podsPerNode: 10, cidrs: 10 };
const SIZES: Readonly<Record<Size, DatapathSize>> = {
  tiny: {
    small: SMALL,
    large: { pods: 100, podsPerNode: 50, cidrs: 20 },
    repeat: 100,
    calls: 10,
  },
  quick: {
    small: SMALL,
    large: { pods: 1_000, podsPerNode: 250, cidrs: 200 },
    repeat: 300_000,
    calls: 5_000,
  },
  full: {
    small: SMALL,
    large: { pods: 10_000, podsPerNode: 250, cidrs: 200 },
    repeat: 1_000_000,
    calls: 20_000,
  },
};
const OBJECT_DIR = resolve(import.meta.dirname, '../../../build/bpf');

export const datapath: Benchmark = {
  name: 'datapath',
  about: `Each program runs on one frame in the kernel, in tables of a node or a gateway, and is
told as a multiple of an empty program of its kind, by the thread's own CPU time. The peer is the
layout of NATs with a connection table: a policy for each pod and CIDR in one LPM trie, an entry for
each connection and direction; written here, with Berth's own parsing and rewriting, so that only
the lookups differ. It is one frame again and again, so all tables are in the caches:
versus-masquerade has many flows. Steps that turn a frame into an answer run once a call, which is
slower; no data goes that way.`,
  needs: { root: true },
  run: measureDatapath,
};

async function measureDatapath({ size, rounds, say }: BenchmarkRun): Promise<Findings> {
  const { small, large, ...counts } = SIZES[size];
  const few = await measureIn(small, { ...counts, rounds });
  say(`${small.pods} pods, ${small.cidrs} CIDRs: done`);
  const many = await measureIn(large, { ...counts, rounds });
  const { node, gateway, peer } = many.entries;
  const cluster = `${grouped(large.pods)} pods, ${large.cidrs} CIDRs`;
  return {
    setting: `${cluster}, ${large.podsPerNode} pods a node`,
    measures: [
      ...STEPS.flatMap((step) => (step.repeats ? ofRepeated(step, many) : ofSingle(step, many))),
      ...STEPS.filter(({ goal }) => goal !== undefined).map(({ what }) => ({
        what: `${what}: against ${small.pods} pods, ${small.cidrs} CIDRs`,
        unit: 'x' as const,
        values: ratios(nsOf(many, what), nsOf(few, what)),
      })),
      { what: 'entries in the kernel of a node', unit: 'entries', values: [node] },
      { what: 'entries in the kernel of a gateway', unit: 'entries', values: [gateway] },
      { what: "entries of the peer's policies", unit: 'entries', values: [peer] },
    ],
    proofs: [
      {
        what: 'each program answered as it shall in its last run, so every run found its frame',
        holds: few.isRight && many.isRight,
      },
    ],
  };
}

function ofRepeated({ what, program, goal, peer }: Step, found: Found): readonly Measure[] {
  const empty = nsOf(found, program === 'steer' ? EMPTY_XDP : EMPTY_TC);
  const own = nsOf(found, what);
  const measures: Measure[] = [
    {
      what,
      unit: 'x',
      values: ratios(own, empty),
      note: `${median(own).toFixed(0)} ns; empty: ${median(empty).toFixed(1)} ns`,
      ...(goal !== undefined && { goal: { atMost: goal } }),
    },
  ];
  if (peer === undefined) return measures;
  const theirs = nsOf(found, peer);
  return [
    ...measures,
    { what: `peer: ${what}`, unit: 'x', values: ratios(theirs, empty) },
    {
      what: `${what}, as a share of the peer's time`,
      unit: 'x',
      values: ratios(own, theirs),
    },
  ];
}

function ofSingle({ what, program }: Step, found: Found): readonly Measure[] {
  const empty = nsOf(found, once(program === 'steer' ? EMPTY_XDP : EMPTY_TC));
  const beyond = nsOf(found, what).map((ns, round) => Math.max(0, ns - (empty[round] ?? 0)));
  return [{ what, unit: 'ns', values: beyond, note: 'a single run, beyond an empty program' }];
}

interface Found {
  /** Nanoseconds by contender, round by round. */
  readonly ns: Readonly<Record<string, readonly number[]>>;
  readonly entries: { readonly node: number; readonly gateway: number; readonly peer: number };
  readonly isRight: boolean;
}

function nsOf({ ns }: Found, contender: string): readonly number[] {
  const values = ns[contender];
  if (values === undefined) throw new Error(`${contender} was not measured`);
  return values;
}

const EMPTY_TC = 'bench_empty';
const EMPTY_XDP = 'bench_empty_xdp';
const once = (symbol: string): string => `${symbol}, once`;

interface Counts {
  readonly repeat: number;
  readonly calls: number;
  readonly rounds: number;
}

async function measureIn(population: Population, counts: Counts): Promise<Found> {
  const fileSystem = mountBpfFileSystem();
  const open = (name: string): KernelObjects => {
    mkdirSync(join(fileSystem.path, name));
    return openObjects({ pinDir: join(fileSystem.path, name), objectDir: OBJECT_DIR });
  };
  const objects = { node: open('node'), gateway: open('gateway') };
  const peer = openPeer(join(fileSystem.path, 'node'), population);
  try {
    const node = fillNode(kernelTables(objects.node), population);
    const gateway = fillGateway(kernelTables(objects.gateway), population);
    const timer = createTimer();
    const contenders: Record<string, () => Promise<number>> = {};
    for (const [symbol, verdict] of [
      [EMPTY_TC, TCX_NEXT],
      [EMPTY_XDP, XDP_PASS],
    ] as const) {
      const fd = peer.program(symbol);
      const frame = STEPS[0]?.frame ?? new Uint8Array();
      contenders[symbol] = async () => timer.many({ fd, frame, verdict }, counts.repeat);
      contenders[once(symbol)] = async () => timer.single({ fd, frame, verdict }, counts.calls);
    }
    for (const { what, on, program, peer: symbol, repeats, ...step } of STEPS) {
      const own = { ...step, fd: objects[on].program(program) };
      contenders[what] = async () =>
        repeats ? timer.many(own, counts.repeat) : timer.single(own, counts.calls);
      if (symbol === undefined) continue;
      const theirs = { ...step, fd: peer.program(symbol) };
      contenders[symbol] = async () => timer.many(theirs, counts.repeat);
    }
    const ns = await inTurn(counts.rounds, contenders);
    const entries = { node, gateway, peer: peer.policies };
    return { ns, entries, isRight: timer.allWereRight() };
  } finally {
    peer.close();
    for (const { close } of Object.values(objects)) close();
    fileSystem.unmount();
  }
}
