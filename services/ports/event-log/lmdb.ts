/**
 * The embedded log: one LMDB environment, owned by one process (`berth up`). An append answers
 * when its transaction is on the disk; appends that come meanwhile share the next one. Readers
 * are woken by the append, within the process: there is no polling, and no reader elsewhere.
 */
import { join } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import { type Topic, topicSettings } from '../../contract/topics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { wakeUp } from '../../runtime/wake.ts';
import { openOwned } from '../data-folder/owned-environment.ts';
import { groupAppender } from './lmdb/appender.ts';
import { type ReadSource, readEntries } from './lmdb/reader.ts';
import { soleMember } from './lmdb/sole-member.ts';
import { type LogStore, openLogStore } from './lmdb/store.ts';
import type { EventLog, Offsets } from './port.ts';

export interface LmdbEventLogInit {
  /** The data folder; the log takes `log/` in it. */
  readonly dir: string;
  /**
   * Of each topic that has no count of its own, fixed when the log is made.
   * @default what it was made with; 4 for a new one
   */
  readonly partitionCount?: number;
  /** Entries a batch. @default 512 */
  readonly readBatchMax?: number;
}

export interface LmdbEventLogComponents {
  readonly clock: Clock;
}

const READ_BATCH_MAX = 512;

export async function lmdbEventLog(
  init: LmdbEventLogInit,
  components: LmdbEventLogComponents,
): Promise<EventLog> {
  const path = join(init.dir, 'log');
  const batchMax = init.readBatchMax ?? READ_BATCH_MAX;
  return openOwned(path, ({ environment, close }) => {
    const store = openLogStore(environment, init.partitionCount ?? null);
    return eventLog({ batchMax, close }, { store, clock: components.clock });
  });
}

interface OpenLog {
  readonly batchMax: number;
  readonly close: () => Promise<void>;
}

function eventLog(
  init: OpenLog,
  components: { readonly store: LogStore; readonly clock: Clock },
): EventLog {
  const { store } = components;
  const { batchMax } = init;
  const partitionCount = (topic: Topic) => topicSettings(topic).partitions ?? store.partitionCount;
  const partitionsOf = (topic: Topic): readonly number[] =>
    Array.from({ length: partitionCount(topic) }, (_, partition) => partition);
  const wake = wakeUp();
  const closing = new AbortController();
  const appender = groupAppender({ partitionCount, onWritten: wake.all }, components);
  const source: ReadSource = {
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
    partitionCount,
    async append(topic, entries) {
      refuseIfClosed();
      return entries.length === 0 ? [] : appender.append(topic, entries);
    },
    read(topic, from, signal, partitions = partitionsOf(topic)) {
      refuseIfClosed();
      const until = AbortSignal.any([signal, closing.signal]);
      return readEntries(source, topic, { from, partitions }, until);
    },
    async starts(topic) {
      refuseIfClosed();
      const end = (partition: number) => appender.tail(topic, partition).next;
      return offsets(partitionsOf(topic), (each) => store.start(topic, each, end(each)));
    },
    async ends(topic) {
      refuseIfClosed();
      return offsets(partitionsOf(topic), (each) => appender.tail(topic, each).next);
    },
    async latest(topic) {
      refuseIfClosed();
      return store.latest(topic);
    },
    join(_group, topic, signal) {
      refuseIfClosed();
      return soleMember(partitionsOf(topic), AbortSignal.any([signal, closing.signal]));
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

function offsets(partitions: readonly number[], of: (partition: number) => number): Offsets {
  return Object.fromEntries(partitions.map((partition) => [partition, of(partition)]));
}
