/**
 * The embedded log: one LMDB environment, owned by one process (`berth up`). An append answers
 * when its transaction is on the disk; appends that come meanwhile share the next one. Readers
 * are woken by the append, within the process: there is no polling, and no reader elsewhere.
 */
import { join } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import type { Topic } from '../../contract/topics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { openOwned } from '../data-folder/owned-environment.ts';
import { groupAppender } from './lmdb/appender.ts';
import { type ReadSource, readEntries } from './lmdb/reader.ts';
import { type LogStore, openLogStore } from './lmdb/store.ts';
import { wakeUp } from './lmdb/wake.ts';
import type { EventLog, Offsets } from './port.ts';

export interface LmdbEventLogInit {
  /** The data folder; the log takes `log/` in it. */
  readonly dir: string;
  /** Of each topic, fixed when the log is made. @default 4 */
  readonly partitionCount?: number;
  /** Entries a batch. @default 512 */
  readonly readBatchMax?: number;
}

export interface LmdbEventLogComponents {
  readonly clock: Clock;
}

const PARTITION_COUNT = 4;
const READ_BATCH_MAX = 512;

export async function lmdbEventLog(
  init: LmdbEventLogInit,
  components: LmdbEventLogComponents,
): Promise<EventLog> {
  const partitionCount = init.partitionCount ?? PARTITION_COUNT;
  const path = join(init.dir, 'log');
  const batchMax = init.readBatchMax ?? READ_BATCH_MAX;
  return openOwned(path, ({ environment, close }) => {
    const store = openLogStore(environment, partitionCount);
    return eventLog({ partitionCount, batchMax, close }, { store, clock: components.clock });
  });
}

interface OpenLog {
  readonly partitionCount: number;
  readonly batchMax: number;
  readonly close: () => Promise<void>;
}

function eventLog(
  init: OpenLog,
  components: { readonly store: LogStore; readonly clock: Clock },
): EventLog {
  const { store } = components;
  const { partitionCount, batchMax } = init;
  const wake = wakeUp();
  const closing = new AbortController();
  const appender = groupAppender({ partitionCount, onWritten: wake.all }, components);
  const source: ReadSource = {
    partitionCount,
    batchMax,
    wake,
    tail: appender.tail,
    range: store.range,
  };
  let closed: Promise<void> | null = null;

  const refuseIfClosed = (): void => {
    if (closed !== null) throw berthError('BERTH_LOG_CLOSED', {});
  };
  async function closeOnce(): Promise<void> {
    closing.abort();
    await appender.drained();
    await init.close();
  }

  return {
    kind: 'lmdb',
    partitionCount: () => partitionCount,
    async append(topic, entries) {
      refuseIfClosed();
      return entries.length === 0 ? [] : appender.append(topic, entries);
    },
    read(topic, from, signal) {
      refuseIfClosed();
      return readEntries(source, topic, from, AbortSignal.any([signal, closing.signal]));
    },
    async ends(topic) {
      refuseIfClosed();
      return endsOf(appender.tail, topic, partitionCount);
    },
    async latest(topic) {
      refuseIfClosed();
      return store.latest(topic);
    },
    async commit(cursor, topic, offsets) {
      refuseIfClosed();
      await store.saveCursor(cursor, topic, offsets);
    },
    async committed(cursor, topic) {
      refuseIfClosed();
      return store.cursor(cursor, topic);
    },
    close() {
      closed ??= closeOnce();
      return closed;
    },
  };
}

function endsOf(
  tail: (topic: Topic, partition: number) => { readonly next: number },
  topic: Topic,
  partitionCount: number,
): Offsets {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  return Object.fromEntries(
    partitions.map((partition) => [partition, tail(topic, partition).next]),
  );
}
