/**
 * `bench checkpoints`: how long a mapper or a hub of so many pods takes to be where it was, from
 * checkpoints alone; and what it costs to save them all.
 */

import { noKafka } from '../../../infra/kafka/java.ts';
import { startKafka } from '../../../infra/kafka/kafka.ts';
import { createWorld, type StateText, type World } from '../../../services/aggregates/world.ts';
import { kafkaCheckpoints } from '../../../services/ports/checkpoints/kafka.ts';
import { lmdbCheckpoints } from '../../../services/ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../../../services/ports/checkpoints/port.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { jsonLog } from '../../../services/runtime/log.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { savedWorld } from '../../fold/saved-world.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Benchmark, BenchmarkRun, Findings, Measure, Proof, Size } from '../benchmark.ts';
import { createHistory, type History, PARTITION_COUNT } from '../fold/history.ts';
import { worldHash } from '../fold/world-hash.ts';
import { grouped } from '../numbers.ts';

const SIZES: Readonly<Record<Size, { readonly pods: number; readonly namespaces: number }>> = {
  tiny: { pods: 100, namespaces: 4 },
  quick: { pods: 15_000, namespaces: 50 },
  full: { pods: 150_000, namespaces: 300 },
};
const MIB = 1024 ** 2;
const CHANGES_PER_STEP = 200;
const GOAL_SECONDS = 10;

export const checkpoints: Benchmark = {
  name: 'checkpoints',
  about: `All aggregates of a cluster of so many pods are saved in one pass, then a process that has
just started reads them and folds on from there: all partitions, as a hub does, and one of four, as
a mapper does that is given it. No record of the log is read. Kafka is one broker on the same
machine, that shares its two cores.`,
  needs: { root: false },
  run: measure,
};

async function measure({ size, rounds, say }: BenchmarkRun): Promise<Findings> {
  const { pods, namespaces } = SIZES[size];
  const history = populated(pods, namespaces);
  say(`${grouped(history.livePods())} pods have come`);
  const folder = await temporaryFolder();
  const measures: Measure[] = [];
  const proofs: Proof[] = [];
  const add = async (name: string, open: () => Promise<Checkpoints>): Promise<void> => {
    const found = await measureStore(name, open, { world: history.world, rounds });
    measures.push(...found.measures);
    proofs.push(found.proof);
    say(`${name} is measured`);
  };
  await add('LMDB', async () => lmdbCheckpoints({ dir: folder.path }));
  await folder.remove();
  if (noKafka === null) {
    const kafka = await startKafka();
    try {
      const connection = { brokers: [kafka.bootstrap] };
      const [clock, random] = [systemClock(), systemRandom()];
      const components = { clock, random, log: jsonLog({ level: 'error' }) };
      await add('Kafka', () => kafkaCheckpoints({ connection }, components));
    } finally {
      await kafka.stop();
    }
  } else say(`Kafka is left out: ${noKafka}`);
  const texts = savedWorld(history.world).checkpoints;
  const characters = texts.reduce((sum, { state }) => sum + state.length, 0);
  const text = `${Math.round(characters / MIB)} MiB of text`;
  const setting = `${grouped(history.livePods())} pods in ${namespaces} namespaces, ${text}`;
  return { setting, measures, proofs };
}

function populated(pods: number, namespaces: number): History {
  // They come and go around this many.
  const podsPerNamespace = Math.ceil((1.1 * pods) / namespaces);
  const nodes = Math.ceil(pods / 30);
  const history = createHistory({ namespaces, podsPerNamespace, targets: 20, nodes });
  while (history.livePods() < pods) history.step(CHANGES_PER_STEP);
  return history;
}

async function measureStore(
  name: string,
  open: () => Promise<Checkpoints>,
  { world, rounds }: { readonly world: World; readonly rounds: number },
): Promise<{ readonly measures: readonly Measure[]; readonly proof: Proof }> {
  const saved = savedWorld(world);
  const writer = await open();
  const save = await seconds(() => writer.save(saved));
  await writer.close();
  const all: number[] = [];
  const one: number[] = [];
  const hashes: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const reader = await open();
    let read = createWorld();
    all.push(
      await seconds(async () => {
        read = createWorld(await reader.all());
      }),
    );
    hashes.push(worldHash(read));
    const partition = round % PARTITION_COUNT;
    one.push(await seconds(async () => createWorld(await reader.all([partition]))));
    await reader.close();
  }
  const goal = { atMost: GOAL_SECONDS };
  return {
    measures: [
      { what: `${name}: ready from all, as a hub is`, unit: 's', values: all, goal },
      { what: `${name}: ready from one partition of four`, unit: 's', values: one },
      { what: `${name}: all saved in one pass`, unit: 's', values: [save] },
    ],
    proof: {
      what: `${name}: who starts from them has the same states, byte for byte`,
      holds: hashes.every((hash) => hash === hashOf(saved.checkpoints)),
    },
  };
}

function hashOf(texts: readonly StateText[]): string {
  return texts
    .map(({ aggregate, hash }) => `${aggregate} ${hash}`)
    .sort()
    .join('\n');
}

async function seconds(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await call();
  return (performance.now() - started) / 1000;
}
