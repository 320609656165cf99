/**
 * The topic of the checkpoints, as its readers and writers use it: documents of one partition of
 * the log lie in one of its partitions, so that they are read in the order in which they were
 * written, and without the others.
 */
import type { Log } from '../../../runtime/log.ts';
import type { KafkaClient } from '../../kafka/client.ts';
import { CHUNK_BYTES_MAX, type Chunk } from './document.ts';
import { createShelf, type Found } from './shelf.ts';

export interface CheckpointsTopic {
  readonly chunkBytesMax: number;
  append(partition: number, chunks: readonly Chunk[]): Promise<void>;
  /** What there is of these partitions of the log, or of all. */
  find(partitions: readonly number[] | null, signal: AbortSignal): Promise<Map<number, Found>>;
}

export interface CheckpointsTopicInit {
  readonly name: string;
  /** @default CHUNK_BYTES_MAX */
  readonly chunkBytesMax?: number;
}

/** A reader that the cleaner overtakes finds something missing, and reads once more. */
const READS_MAX = 3;

export function checkpointsTopic(
  { name, chunkBytesMax = CHUNK_BYTES_MAX }: CheckpointsTopicInit,
  components: {
    readonly client: Pick<KafkaClient, 'partitionCount' | 'append' | 'readToEnd'>;
    readonly log: Log;
  },
): CheckpointsTopic {
  const { client, log } = components;
  const count = client.partitionCount(name);
  const placeOf = (partition: number): number => partition % count;

  async function findOnce(
    partitions: readonly number[] | null,
    signal: AbortSignal,
  ): Promise<Map<number, Found>> {
    const shelf = createShelf();
    const within = partitions === null ? undefined : [...new Set(partitions.map(placeOf))];
    for await (const records of client.readToEnd(name, signal, within)) {
      for (const record of records) shelf.put(record);
    }
    const found = new Map<number, Found>();
    for (const partition of partitions ?? shelf.partitions()) {
      found.set(partition, await shelf.find(partition));
    }
    return found;
  }

  return {
    chunkBytesMax,
    async append(partition, chunks) {
      const records = chunks.map((chunk) => ({ ...chunk, partition: placeOf(partition) }));
      await client.append(name, records);
    },
    async find(partitions, signal) {
      let found = await findOnce(partitions, signal);
      for (let reads = 1; reads < READS_MAX && damaged(found).length > 0; reads += 1) {
        found = await findOnce(partitions, signal);
      }
      const lost = damaged(found);
      if (lost.length > 0) {
        const topic = { topic: name, partitions: lost };
        log.error(topic, 'no pass of checkpoints holds: what they cover is folded from the log');
      }
      return found;
    },
  };
}

/** Partitions with closed passes of which none can be used. */
function damaged(found: ReadonlyMap<number, Found>): number[] {
  return [...found].flatMap(([partition, { broken, version }]) =>
    broken > 0 && version === null ? partition : [],
  );
}
