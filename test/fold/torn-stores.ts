/**
 * Stores of checkpoints to which everything happens that may: passes torn anywhere, passes of the
 * dead that arrive late, a cleaner that comes when it likes. One is a model of what such a store
 * must at least keep; the other is the Kafka adapter over a compacted topic in memory.
 */
import type { AggregateKey } from '../../services/contract/identity.ts';
import { advance, type Version } from '../../services/contract/version.ts';
import { checkpointsIn } from '../../services/ports/checkpoints/kafka/store.ts';
import { checkpointsTopic } from '../../services/ports/checkpoints/kafka/topic.ts';
import type { Checkpoint, Checkpoints, Pass } from '../../services/ports/checkpoints/port.ts';
import type { KafkaClient } from '../../services/ports/kafka/client.ts';
import { jsonLog } from '../../services/runtime/log.ts';

export interface Fate {
  readonly kind: 'whole' | 'torn' | 'late';
  /** How much of a torn one is there. */
  readonly written: number;
}

export interface TornStore {
  /** As a process that has just started sees it. */
  open(): Checkpoints;
  /** Of what is saved from now on. */
  fate: Fate;
  /** One of those that are late. */
  arrives(index: number): void;
  /** What is superseded goes, as far as `choose` says. */
  clean(choose: () => boolean): void;
}

const WHOLE: Fate = { kind: 'whole', written: 0 };

/** It keeps the furthest of each aggregate, and the furthest version of a whole pass. */
export function forgetfulStore(): TornStore {
  const furthest = new Map<AggregateKey, Checkpoint>();
  const late: Pass[] = [];
  let version: Version = {};
  const put = (checkpoint: Checkpoint): void => {
    const have = furthest.get(checkpoint.aggregate)?.position.offset ?? -1;
    if (checkpoint.position.offset > have) furthest.set(checkpoint.aggregate, checkpoint);
  };
  const takeWhole = (pass: Pass): void => {
    for (const checkpoint of pass.checkpoints) put(checkpoint);
    for (const [name, offset] of Object.entries(pass.version)) {
      version = advance(version, { partition: Number(name), offset });
    }
  };
  const store: TornStore = {
    fate: WHOLE,
    open: () => ({
      async save(pass) {
        const { kind, written } = store.fate;
        if (kind === 'whole') return takeWhole(pass);
        if (kind === 'late') late.push(pass);
        else for (const checkpoint of pass.checkpoints.slice(0, written)) put(checkpoint);
        throw new Error('of unknown fate');
      },
      all: async () => ({ checkpoints: [...furthest.values()], version }),
      version: async () => version,
      close: async () => undefined,
    }),
    arrives(index) {
      for (const pass of late.splice(index % Math.max(1, late.length), 1)) takeWhole(pass);
    },
    clean: () => undefined,
  };
  return store;
}

type Client = Pick<KafkaClient, 'partitionCount' | 'append' | 'readToEnd'>;
type Written = Parameters<Client['append']>[1][number];

const TOPIC_PARTITIONS = 2;
/** So small that most states are several chunks. */
const CHUNK_BYTES_MAX = 300;

export function tornTopic(): TornStore {
  let records: (Written & { readonly offset: number })[] = [];
  const late: Written[][] = [];
  let end = 0;
  let writers = 0;
  /** Of the pass that is being torn: what still gets through. */
  let left = 0;

  const write = (some: readonly Written[]): void => {
    for (const record of some) {
      records.push({ ...record, offset: end });
      end += 1;
    }
  };

  async function append(_topic: string, some: readonly Written[]) {
    const { kind } = store.fate;
    if (kind === 'late') late.push([...some]);
    if (kind === 'torn') {
      write(some.slice(0, left));
      left = Math.max(0, left - some.length);
      // The last that got through may have been answered.
      if (left > 0) return [];
    }
    if (kind !== 'whole') throw new Error('of unknown fate');
    write(some);
    return [];
  }

  async function* readToEnd(
    _topic: string,
    _signal: AbortSignal,
    partitions: readonly number[] = [0, 1],
  ) {
    yield records
      .filter(({ partition }) => partitions.includes(partition ?? -1))
      .map(({ key, value, headers, partition = 0, offset }) => {
        const buffers = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
        return { key, value, headers: Object.fromEntries(buffers), partition, offset, timeMs: 0 };
      });
  }

  const client: Client = { partitionCount: () => TOPIC_PARTITIONS, append, readToEnd };
  let fate = WHOLE;
  const store: TornStore = {
    get fate() {
      return fate;
    },
    set fate(next) {
      fate = next;
      left = next.written;
    },
    open() {
      const log = jsonLog({ level: 'silent' });
      const topic = checkpointsTopic(
        { name: 'checkpoints', chunkBytesMax: CHUNK_BYTES_MAX },
        { client, log },
      );
      writers += 1;
      return checkpointsIn(topic, { writer: `w${writers}`, close: async () => undefined });
    },
    arrives(index) {
      for (const some of late.splice(index % Math.max(1, late.length), 1)) write(some);
    },
    clean(choose) {
      const last = new Map(records.map(({ key, offset }) => [key, offset]));
      records = records.filter((record) => {
        const isLast = last.get(record.key) === record.offset;
        return (isLast && record.value !== null) || !choose();
      });
    },
  };
  return store;
}
