/**
 * Kafka as Berth needs it: topics that a history is safe in, appends with the broker's own offsets
 * and times, readers of explicit offsets, a compacted topic read to its end, membership without
 * reading. Adapters of several ports are built on it; a successor of kafkajs is a second folder
 * with this interface.
 *
 * Records are bytes under a key; their partition is `partitionOf` (contract/partition.ts). All
 * errors are of our table: BERTH_LOG_UNREACHABLE, _LOGIN, _TLS, _DENIED, _TOPIC, _PARTITIONS,
 * _OFFSET_GONE; an append whose fate is unknown fails with BERTH_LOG_WRITE, and is repeated.
 */
import { berthError } from '../../contract/errors.ts';
import type { KafkaConnection } from './cluster.ts';
import { groupAppend } from './group-append.ts';
import { type KafkaComponents, kafkaLink, type Link } from './link.ts';
import { type MembershipInit, membership } from './membership.ts';
import {
  commitOffsets,
  committedOffsets,
  deleteBefore,
  type Member,
  offsetsAt,
  type PartitionOffsets,
} from './offsets.ts';
import { persist } from './persist.ts';
import type { Place, StoredRecord } from './places.ts';
import { type ProducedRecord, produceTo } from './produce.ts';
import { readToEnd, slices } from './reading.ts';
import type { Replication, TopicSpec } from './topic-settings.ts';
import { ensureTopics } from './topics.ts';

export interface KafkaClientInit {
  readonly connection: KafkaConnection;
  readonly topics: readonly TopicSpec[];
  readonly replication: Replication;
  /** Of topics that are made now and have no count of their own. */
  readonly partitionsDefault: number;
  /** How long an append is tried before its fate counts as unknown. @default 10_000 */
  readonly appendBoundMs?: number;
}

export interface KafkaClient {
  partitionCount(topic: string): number;
  /** Answered when all replicas that the topic asks for have it. In order within each key. */
  append(topic: string, records: readonly ProducedRecord[]): Promise<readonly Place[]>;
  /** From these offsets on, then live, until aborted. At most `batchMax` of one partition each. */
  read(
    topic: string,
    from: PartitionOffsets,
    init: { readonly batchMax: number },
    signal: AbortSignal,
  ): AsyncIterable<readonly StoredRecord[]>;
  /** All that is there now, from the start; compacted: the latest of each key at least. */
  readToEnd(
    topic: string,
    signal: AbortSignal,
    partitions?: readonly number[],
  ): AsyncIterable<readonly StoredRecord[]>;
  starts(topic: string): Promise<PartitionOffsets>;
  ends(topic: string): Promise<PartitionOffsets>;
  /** Not of compacted topics: the broker refuses it. */
  deleteBefore(topic: string, offsets: PartitionOffsets): Promise<void>;
  join(groupId: string, topic: string, signal: AbortSignal): AsyncIterable<readonly number[]>;
  /** A hint: dropped where the group has others as members, or is just changing. */
  commit(groupId: string, topic: string, offsets: PartitionOffsets): Promise<void>;
  committed(groupId: string, topic: string): Promise<PartitionOffsets>;
  /** Ends readers and members, after what was accepted is answered. May be called twice. */
  close(): Promise<void>;
}

/** How long opening, and asking for offsets, is tried where nobody answers. */
const ASK_BOUND_MS = 15_000;
const APPEND_BOUND_MS = 10_000;

/** Makes the topics that are missing; refuses those that a history is not safe in. */
export async function kafkaClient(
  init: KafkaClientInit,
  components: KafkaComponents,
): Promise<KafkaClient> {
  const { connection, topics, replication, partitionsDefault } = init;
  const making = kafkaLink(connection, [], components);
  const bound = { boundMs: ASK_BOUND_MS, brokers: connection.brokers };
  try {
    const counts = await persist(
      () => ensureTopics(making, topics, { replication, partitionsDefault }),
      bound,
      components,
    );
    return openClient(init, counts, components);
  } finally {
    making.giveUp();
  }
}

function openClient(
  init: KafkaClientInit,
  counts: ReadonlyMap<string, number>,
  components: KafkaComponents,
): KafkaClient {
  const { connection } = init;
  const names = init.topics.map(({ topic }) => topic);
  const asking = kafkaLink(connection, names, components);
  const boundMs = init.appendBoundMs ?? APPEND_BOUND_MS;
  const produce = produceTo({ connection, topics: names, boundMs }, components);
  const partitionCount = (topic: string): number => counts.get(topic) ?? 0;
  const appends = groupAppend(partitionCount, produce);
  const members = membersOf(connection);
  const closing = new AbortController();
  let closed: Promise<void> | null = null;

  const refuseIfClosed = (): void => {
    if (closed !== null) throw berthError('BERTH_LOG_CLOSED', {});
  };
  const asked = <Answer>(call: (link: Link) => Promise<Answer>): Promise<Answer> => {
    refuseIfClosed();
    return persist(
      () => call(asking),
      { boundMs: ASK_BOUND_MS, brokers: connection.brokers, signal: closing.signal },
      components,
    );
  };
  const allOf = (topic: string): readonly number[] =>
    Array.from({ length: partitionCount(topic) }, (_, partition) => partition);
  const starts = (topic: string): Promise<PartitionOffsets> =>
    asked((link) => offsetsAt(link, topic, allOf(topic), 'start'));
  const ends = (topic: string): Promise<PartitionOffsets> =>
    asked((link) => offsetsAt(link, topic, allOf(topic), 'end'));
  const until = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, closing.signal]);

  async function closeOnce(): Promise<void> {
    closing.abort();
    await appends.drained();
    await members.left();
    produce.giveUp();
    asking.giveUp();
  }

  return {
    partitionCount,
    async append(topic, records) {
      refuseIfClosed();
      return records.length === 0 ? [] : appends.append(topic, records);
    },
    read(topic, from, { batchMax }, signal) {
      refuseIfClosed();
      return slices({ connection, topic, from }, batchMax, components, until(signal));
    },
    readToEnd(topic, signal, partitions = allOf(topic)) {
      refuseIfClosed();
      const init = { connection, topic, partitions, starts, ends };
      return readToEnd(init, components, until(signal));
    },
    starts,
    ends,
    async deleteBefore(topic, offsets) {
      await asked((link) => deleteBefore(link, topic, offsets));
    },
    join(groupId, topic, signal) {
      refuseIfClosed();
      return membership(members.member(groupId, topic), components, until(signal));
    },
    async commit(groupId, topic, offsets) {
      const member = members.of(groupId);
      const refused = await asked((link) => commitOffsets(link, groupId, topic, offsets, member));
      if (refused === null) return;
      throw berthError('BERTH_LOG_NOT_COMMITTED', { group: groupId, reason: refused });
    },
    committed: (groupId, topic) =>
      asked((link) => committedOffsets(link, groupId, topic, allOf(topic))),
    close() {
      closed ??= closeOnce();
      return closed;
    },
  };
}

/** As whom this process is in which group, and who is still leaving. */
function membersOf(connection: KafkaConnection) {
  const members = new Map<string, Member>();
  const leaving = new Set<Promise<unknown>>();
  return {
    of: (groupId: string): Member | null => members.get(groupId) ?? null,
    member: (groupId: string, topic: string): MembershipInit => ({
      connection,
      groupId,
      topic,
      onMember(member) {
        if (member === null) members.delete(groupId);
        else members.set(groupId, member);
      },
      onLeaving(left) {
        leaving.add(left);
        void left.finally(() => leaving.delete(left));
      },
    }),
    async left() {
      await Promise.all(leaving);
    },
  };
}
