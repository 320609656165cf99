/**
 * Group commit: one send is under way at a time; what is appended meanwhile goes out together in
 * the next one. Calls are served in order, so records of one key keep theirs; a call larger than
 * a send goes out in several, and answers after the last.
 */
import { berthError, isBerthError } from '../../contract/errors.ts';
import { partitionOf } from '../../contract/partition.ts';
import type { Place } from './places.ts';
import type { PartitionBatch, Produce, ProducedRecord } from './produce.ts';

/** Of one partition in one send: below what brokers take by default, 1,048,588 with all around. */
export const BATCH_BYTES_MAX = 900_000;
/** Of all partitions in one send. */
const GROUP_BYTES_MAX = 8_000_000;
/** What waits in memory; more is refused with BERTH_LOG_OVERLOADED. */
const WAITING_BYTES_MAX = 256_000_000;
const WAITING_RECORDS_MAX = 200_000;
/** Around key, value and headers: lengths, times, and of each header too. */
const RECORD_OVERHEAD_BYTES = 40;
const HEADER_OVERHEAD_BYTES = 6;

export interface GroupAppend {
  append(topic: string, records: readonly ProducedRecord[]): Promise<readonly Place[]>;
  /** Ends when all that was accepted is answered. */
  drained(): Promise<void>;
}

interface Call {
  readonly topic: string;
  readonly records: readonly Sized[];
  readonly places: Place[];
  /** How many of them went out. */
  sent: number;
  readonly resolve: (places: readonly Place[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Sized {
  readonly record: ProducedRecord;
  readonly partition: number;
  readonly bytes: number;
}

interface Growing extends PartitionBatch {
  readonly records: ProducedRecord[];
  /** Whose record each one is. */
  readonly calls: Call[];
  bytes: number;
}

export function groupAppend(
  partitionCount: (topic: string) => number,
  produce: Pick<Produce, 'send'>,
): GroupAppend {
  let queue: Call[] = [];
  let waiting = { records: 0, bytes: 0 };
  let sending: Promise<void> | null = null;

  async function sendGroup(): Promise<void> {
    const batches = [...takeGroup(queue).values()];
    const results = await produce.send(batches);
    for (const [index, { partition, calls }] of batches.entries()) {
      const result = results[index];
      calls.forEach((call, position) => {
        if (result === undefined || isBerthError(result)) call.reject(result);
        else {
          const { baseOffset, timeMs } = result;
          call.places.push({ partition, offset: baseOffset + position, timeMs });
        }
      });
    }
    const failed = new Set(
      batches.flatMap(({ calls }, index) => (isBerthError(results[index]) ? calls : [])),
    );
    queue = queue.filter((call) => {
      if (call.sent < call.records.length && !failed.has(call)) return true;
      waiting = minus(waiting, call.records);
      if (!failed.has(call)) call.resolve(inOrder(call));
      return false;
    });
  }

  async function sendAll(): Promise<void> {
    // Calls of the same turn belong to one group.
    await Promise.resolve();
    while (queue.length > 0) await sendGroup();
    sending = null;
  }

  return {
    append: (topic, records) =>
      new Promise((resolve, reject) => {
        const count = partitionCount(topic);
        const sized = records.map((record, index) => measure(record, index, count));
        const more = { ...waiting };
        for (const { bytes } of sized) more.bytes += bytes;
        more.records += sized.length;
        if (more.records > WAITING_RECORDS_MAX || more.bytes > WAITING_BYTES_MAX) {
          throw berthError('BERTH_LOG_OVERLOADED', { waiting: waiting.records });
        }
        waiting = more;
        queue.push({ topic, records: sized, places: [], sent: 0, resolve, reject });
        sending ??= sendAll();
      }),
    async drained() {
      await sending;
    },
  };
}

/** Takes from the front until a record has no room: none may pass one that waits before it. */
function takeGroup(queue: readonly Call[]): ReadonlyMap<string, Growing> {
  const batches = new Map<string, Growing>();
  let groupBytes = 0;
  for (const call of queue) {
    for (const { record, partition, bytes } of call.records.slice(call.sent)) {
      const name = `${call.topic} ${partition}`;
      const { topic } = call;
      const batch = batches.get(name) ?? { topic, partition, records: [], calls: [], bytes: 0 };
      const full = batch.bytes + bytes > BATCH_BYTES_MAX || groupBytes + bytes > GROUP_BYTES_MAX;
      if (full && groupBytes > 0) return batches;
      batch.records.push(record);
      batch.calls.push(call);
      batch.bytes += bytes;
      groupBytes += bytes;
      batches.set(name, batch);
      call.sent += 1;
    }
  }
  return batches;
}

function measure(record: ProducedRecord, index: number, partitionCount: number): Sized {
  const { key, value, headers } = record;
  if (key === '') throw berthError('BERTH_LOG_BAD_ENTRY', { index, reason: 'its key is empty' });
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers)) {
    bytes += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  if (bytes > BATCH_BYTES_MAX) {
    const reason = `it has ${bytes} bytes, more than ${BATCH_BYTES_MAX}`;
    throw berthError('BERTH_LOG_BAD_ENTRY', { index, reason });
  }
  return { record, partition: record.partition ?? partitionOf(key, partitionCount), bytes };
}

/** Places came by partition; answered are they as the records were given. */
function inOrder(call: Call): readonly Place[] {
  const byPartition = Map.groupBy(call.places, ({ partition }) => partition);
  const next = new Map<number, number>();
  return call.records.map(({ partition }) => {
    const index = next.get(partition) ?? 0;
    next.set(partition, index + 1);
    return byPartition.get(partition)?.[index] as Place;
  });
}

function minus(
  waiting: { readonly records: number; readonly bytes: number },
  records: readonly Sized[],
): { records: number; bytes: number } {
  const bytes = records.reduce((sum, each) => sum + each.bytes, 0);
  return { records: waiting.records - records.length, bytes: waiting.bytes - bytes };
}
