/**
 * One reader: follows partitions from given offsets on, for as long as it is wanted. It asks each
 * broker for the next part only when the one before was taken, so that at most one is read ahead.
 * The broker holds a fetch until there is something: no polling, and nothing is late for it.
 *
 * It outlives everything but what no time cures: a broker that is away, a leader that moves, a
 * login that is refused for a while. It says so in the log, at first and then at times, never in a
 * loop, and reads on from where it was; offsets say that nothing is left out or comes twice.
 */
import { type BerthError, berthError } from '../../contract/errors.ts';
import { untilAborted } from '../../runtime/aborted.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorOfCode, type KafkaConnection } from './cluster.ts';
import { asBerthError, refusalOf } from './failure.ts';
import { type FetchedPartition, fetchFrom } from './fetch.ts';
import type { Cluster } from './kafkajs-shapes.ts';
import { type KafkaComponents, kafkaLink, type Link } from './link.ts';
import { mailbox } from './mailbox.ts';
import { offsetsAt } from './offsets.ts';
import { outage } from './outage.ts';
import { backOff } from './persist.ts';
import type { StoredRecord } from './places.ts';

export interface FollowInit {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** By partition; only these are read. */
  readonly from: ReadonlyMap<number, number>;
}

/** Of one partition; perhaps without a record, where only gaps were left to step over. */
export interface Followed {
  readonly partition: number;
  readonly records: readonly StoredRecord[];
  readonly next: number;
}

interface Answer {
  readonly nodeId: number;
  readonly fetched: readonly FetchedPartition[];
  readonly failure: BerthError | null;
}

/** How long a broker holds a fetch that finds nothing; an abort does not wait for it. */
const FETCH_WAIT_MS = 500;
/** How soon a partition is asked again that ends before what is asked for. */
const AHEAD_WAIT_MS = 200;
const LEADER_NOT_AVAILABLE = 5;
const NO_LEADER = -1;
const OUT_OF_RANGE = 'OFFSET_OUT_OF_RANGE';

export async function* follow(
  init: FollowInit,
  components: KafkaComponents,
  signal: AbortSignal,
): AsyncGenerator<Followed, void, void> {
  if (init.from.size === 0) await untilAborted(signal);
  const { connection, topic } = init;
  const { clock } = components;
  const link = kafkaLink(connection, [topic], components);
  const next = new Map(init.from);
  const pause = backOff(components);
  const trouble = outage({ clock, log: components.log.child({ topic }) });
  const asking = askLeaders(link, init, clock);
  const end = (): void => link.giveUp();
  signal.addEventListener('abort', end, { once: true });
  try {
    while (!signal.aborted) {
      const answer = await asking.next(next, signal);
      if (answer === null) return;
      let { failure } = answer;
      for (const part of answer.fetched) {
        // Asked of the leader before and of its successor: the first answer holds.
        if (part.from !== next.get(part.partition)) continue;
        if (part.errorCode !== 0) {
          const judged = await judge(link, init, part);
          if (judged === null) asking.isAhead(part.partition);
          failure ??= judged;
          if (judged?.code === 'BERTH_LOG_OFFSET_GONE') throw judged;
          continue;
        }
        if (part.next === next.get(part.partition)) continue;
        next.set(part.partition, part.next);
        yield part;
        if (signal.aborted) return;
      }
      if (failure === null) {
        trouble.over();
        pause.reset();
        continue;
      }
      trouble.met(failure);
      link.refresh();
      await pause.wait(signal);
    }
  } finally {
    signal.removeEventListener('abort', end);
    link.giveUp();
  }
}

/** At most one fetch at each broker that leads some of the partitions. */
function askLeaders(link: Link, { connection, topic }: FollowInit, clock: Clock) {
  const answers = mailbox<Answer>();
  /** Until their answer was taken. */
  const asked = new Set<number>();
  /** Partitions that end before what is asked for: not asked again before this time. */
  const ahead = new Map<number, number>();

  const ask = async (nodeId: number, from: ReadonlyMap<number, number>): Promise<void> => {
    asked.add(nodeId);
    let answer: Omit<Answer, 'nodeId'>;
    try {
      const fetched = await link.use(async (cluster) =>
        fetchFrom(await cluster.findBroker({ nodeId }), topic, from, FETCH_WAIT_MS),
      );
      answer = { fetched, failure: null };
    } catch (error) {
      answer = { fetched: [], failure: asBerthError(error, connection.brokers) };
    }
    answers.post({ nodeId, ...answer });
  };

  return {
    isAhead(partition: number): void {
      ahead.set(partition, clock.nowMs() + AHEAD_WAIT_MS);
    },
    /** Null: the signal was aborted. */
    async next(from: ReadonlyMap<number, number>, signal: AbortSignal): Promise<Answer | null> {
      for (;;) {
        const wanted = new Map(
          [...from].filter(([partition]) => (ahead.get(partition) ?? 0) <= clock.nowMs()),
        );
        try {
          const leaders = await link.use(async (cluster) => byLeader(cluster, topic, wanted));
          // A partition without a leader keeps none of the others waiting.
          const isLeaderless = leaders.delete(NO_LEADER);
          if (isLeaderless) link.refresh();
          if (isLeaderless && leaders.size === 0) throw errorOfCode(LEADER_NOT_AVAILABLE);
          for (const [nodeId, part] of leaders) if (!asked.has(nodeId)) void ask(nodeId, part);
        } catch (error) {
          return { nodeId: -1, fetched: [], failure: asBerthError(error, connection.brokers) };
        }
        if (asked.size > 0) {
          const answer = await answers.take(signal);
          if (answer !== null) asked.delete(answer.nodeId);
          return answer;
        }
        await clock.sleep(AHEAD_WAIT_MS, signal);
        if (signal.aborted) return null;
      }
    },
  };
}

function byLeader(
  cluster: Cluster,
  topic: string,
  from: ReadonlyMap<number, number>,
): Map<number, ReadonlyMap<number, number>> {
  const leaders = new Map<number, ReadonlyMap<number, number>>();
  const partitions = cluster.findTopicPartitionMetadata(topic);
  for (const [partition, offset] of from) {
    const leader =
      partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? NO_LEADER;
    leaders.set(leader, new Map([...(leaders.get(leader) ?? []), [partition, offset]]));
  }
  return leaders;
}

/** What lies before the start is gone; what lies behind the end may come: then null. */
async function judge(
  link: Link,
  { connection, topic }: FollowInit,
  { partition, errorCode, from: offset }: FetchedPartition,
): Promise<BerthError | null> {
  try {
    const error = errorOfCode(errorCode);
    if (refusalOf(error) !== OUT_OF_RANGE) throw error;
    const start = (await offsetsAt(link, topic, [partition], 'start')).get(partition) ?? 0;
    if (offset >= start) return null;
    return berthError('BERTH_LOG_OFFSET_GONE', { offset, topic, partition, start });
  } catch (error) {
    return asBerthError(error, connection.brokers);
  }
}
