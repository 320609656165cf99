/** `bench fold`: how fast the log becomes a state, and how fast the mapper says what follows. */
import { createWorld } from '../../../services/aggregates/world.ts';
import type { LoggedEvent } from '../../../services/contract/records.ts';
import type { Benchmark, BenchmarkRun, Findings, Size } from '../benchmark.ts';
import { grouped } from '../numbers.ts';
import { inTurn, ratios, spent } from '../rounds.ts';
import { createHistory, type HistoryInit } from './history.ts';
import { measureMapping } from './mapping.ts';
import { measureReplay } from './replay.ts';
import { worldHash } from './world-hash.ts';

interface FoldSize {
  readonly history: HistoryInit;
  readonly foldedRecords: number;
  readonly replayedRecords: number;
  readonly mappedPods: number;
}

const CLUSTER: HistoryInit = { namespaces: 50, podsPerNamespace: 60, targets: 20, nodes: 50 };
const SIZES: Readonly<Record<Size, FoldSize>> = {
  tiny: {
    history: { namespaces: 3, podsPerNamespace: 10, targets: 4, nodes: 3 },
    foldedRecords: 500,
    replayedRecords: 500,
    mappedPods: 30,
  },
  quick: {
    history: CLUSTER,
    foldedRecords: 30_000,
    replayedRecords: 100_000,
    mappedPods: 2_000,
  },
  full: {
    history: CLUSTER,
    foldedRecords: 200_000,
    replayedRecords: 1_000_000,
    mappedPods: 20_000,
  },
};
/** Of the cluster, between two looks at the clock. */
const CHANGES_PER_STEP = 20;

export const fold: Benchmark = {
  name: 'fold',
  about: `A history of pods that come and go over many namespaces, written by the real mapper,
is folded into a full state. The peer parses the same records from JSON and does nothing with
them: what any reader of a log pays.`,
  needs: { root: false },
  run: measureFold,
};

async function measureFold({ size, rounds, say }: BenchmarkRun): Promise<Findings> {
  const { history, foldedRecords, replayedRecords, mappedPods } = SIZES[size];
  const inMemory = await measureInMemory(history, foldedRecords, rounds);
  say('folded in memory');
  const replay = await measureReplay({ history, records: replayedRecords, rounds });
  say('replayed from disk');
  const mapping = await measureMapping({ history, pods: mappedPods, rounds });
  const parts = [inMemory, replay, mapping];
  return {
    setting: `${grouped(foldedRecords)} records in memory, ${history.namespaces} namespaces`,
    measures: parts.flatMap(({ measures }) => measures),
    proofs: parts.flatMap(({ proofs }) => proofs),
  };
}

async function measureInMemory(
  init: HistoryInit,
  records: number,
  rounds: number,
): Promise<Pick<Findings, 'measures' | 'proofs'>> {
  const history = createHistory(init);
  const events: LoggedEvent[] = [];
  while (events.length < records) events.push(...history.step(CHANGES_PER_STEP));
  const texts = events.map((event) => JSON.stringify(event));
  const hashes: string[] = [];

  const { folded, parsed } = await inTurn(rounds, {
    folded: async () => {
      const world = createWorld();
      const { cpuSeconds } = await spent(() => {
        for (const event of events) world.apply(event);
      });
      hashes.push(worldHash(world));
      return events.length / cpuSeconds;
    },
    parsed: async () => {
      let kept = 0;
      const { cpuSeconds } = await spent(() => {
        for (const text of texts) kept += (JSON.parse(text) as LoggedEvent).offset >= 0 ? 1 : 0;
      });
      return kept / cpuSeconds;
    },
  });
  const wanted = worldHash(history.world);
  return {
    measures: [
      { what: 'fold, one core', unit: 'events/s', values: folded, goal: { atLeast: 100_000 } },
      { what: 'peer: only parsing the same records', unit: 'events/s', values: parsed },
      { what: 'fold as a multiple of parsing', unit: 'x', values: ratios(parsed, folded) },
    ],
    proofs: [
      {
        what: "every fold ends in the writer's state, byte for byte",
        holds: hashes.length === rounds && hashes.every((hash) => hash === wanted),
      },
    ],
  };
}
