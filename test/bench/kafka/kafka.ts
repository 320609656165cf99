/** `bench kafka`: the log on Kafka beside the embedded one, read and folded, and all the way. */
import { noKafka } from '../../../infra/kafka/java.ts';
import { startKafka } from '../../../infra/kafka/kafka.ts';
import { noRedis } from '../../../infra/redis/binary.ts';
import { startRedis } from '../../../infra/redis/redis.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import type { Benchmark, BenchmarkRun, Findings, Measure, Size } from '../benchmark.ts';
import type { Servers } from '../control/messages.ts';
import type { HistoryInit } from '../fold/history.ts';
import { grouped } from '../numbers.ts';
import { GATEWAYS, type Measured, measureAt } from '../propagation/measure-at.ts';
import { quantile } from '../rounds.ts';
import { measureReading } from './reading.ts';

interface KafkaSize {
  readonly history: HistoryInit;
  readonly records: number;
  /** Observations a second: half of them that a pod is bound, half that one is gone. */
  readonly rates: readonly number[];
  readonly seconds: number;
}

const SMALL: HistoryInit = { namespaces: 2, podsPerNamespace: 20, targets: 4, nodes: 2 };
const CLUSTER: HistoryInit = { namespaces: 40, podsPerNamespace: 50, targets: 20, nodes: 8 };
const RATES = [100, 1_000, 5_000];
const SIZES: Readonly<Record<Size, KafkaSize>> = {
  tiny: { history: SMALL, records: 500, rates: [100], seconds: 1 },
  quick: { history: CLUSTER, records: 50_000, rates: RATES, seconds: 3 },
  full: { history: CLUSTER, records: 200_000, rates: RATES, seconds: 10 },
};
const EVENTS_PER_POD = 2;
/** As many as there are blocks: one that was let go of rests for longer than this takes. */
const PODS_MAX = 7_500;

export const kafka: Benchmark = {
  name: 'kafka',
  about: `The log on Kafka (one broker on this machine) beside the embedded one, in the same
run. First a history is read from each and folded into a full state. Then pods are bound and go,
at so many observations a second, as in the benchmark propagation: told is the time from the
append of one to the read-back of its mapping on its node (the kernel's tables where this runs
as root, in memory otherwise). On Kafka checkpoints are there too, and jobs on BullMQ; the
control process is one all the same, so that what differs is the log. Ten agents, the control
process, Kafka's JVM and Redis share the machine's cores: where a rate is not kept up with, the
time is that of a queue that grows, and it is said so.`,
  needs: { root: false, missing: noKafka ?? noRedis },
  run: measureKafka,
};

async function measureKafka({ size, rounds, say }: BenchmarkRun): Promise<Findings> {
  const { history, records, rates, seconds } = SIZES[size];
  const [broker, redis] = [await startKafka(), await startRedis()];
  const servers = (): Servers => ({
    kafka: broker.bootstrap,
    redis: redis.url,
    prefix: `bench-${systemRandom().id()}`,
  });
  try {
    const reading = await measureReading({ history, records, rounds }, broker.bootstrap);
    say('read and folded');
    const latency: Measure[] = [];
    let allMapped = true;
    for (const rate of rates) {
      const podsPerSecond = rate / EVENTS_PER_POD;
      const pods = Math.min(PODS_MAX, podsPerSecond * seconds);
      const its = { history, podsPerSecond, pods };
      for (const [name, on] of [['embedded', null] as const, ['Kafka', servers()] as const]) {
        const measured = await measureAt({ ...its, servers: on });
        allMapped &&= measured.allMapped;
        latency.push(...measuresOf(name, rate, measured));
        say(`${name}, ${grouped(rate)} events/s: done`);
      }
    }
    return {
      setting: [
        `${grouped(records)} records folded`,
        `${history.nodes} nodes, ${GATEWAYS.length} gateways`,
        `${seconds} s of each rate, ${grouped(PODS_MAX)} pods at most`,
      ].join(', '),
      measures: [...reading.measures, ...latency],
      proofs: [
        ...reading.proofs,
        { what: 'every pod that was to stay was mapped, on each log', holds: allMapped },
      ],
    };
  } finally {
    await broker.stop();
    await redis.stop();
  }
}

function measuresOf(name: string, rate: number, { latencies, rate: reached }: Measured): Measure[] {
  const eventsPerSecond = reached * EVENTS_PER_POD;
  const keptUp = eventsPerSecond > rate * 0.9;
  const note = keptUp ? {} : { note: `${grouped(eventsPerSecond)} events/s were reached` };
  return [0.5, 0.99].map((share) => ({
    what: `append to kernel at ${grouped(rate)} events/s, ${name}, p${share * 100}`,
    unit: 'ms',
    values: [quantile(latencies, share)],
    ...note,
  }));
}
