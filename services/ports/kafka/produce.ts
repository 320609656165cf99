/**
 * Sends groups of records, one group at a time, each exactly once if it is answered at all.
 *
 * A producer here is a producer id of the broker and the next sequence number of each partition. A
 * batch is repeated with the same numbers until its fate is known, so the broker stores it once and
 * answers for the one that it has. When the fate stays unknown within the bound, the group fails;
 * it is sent on before anything else is, with its numbers, so a late copy overtakes nothing and is
 * stored once. (kafkajs's own producer uses the numbers again for other records, which the broker
 * then drops as duplicates, and forgets partitions whose leader moved to a broker that has answered
 * already; hence this one.)
 */
import { type BerthError, berthError } from '../../contract/errors.ts';
import { ask, askEach, errorOfCode, type KafkaConnection } from './cluster.ts';
import { asBerthError, refusalOf } from './failure.ts';
import type { Cluster } from './kafkajs-shapes.ts';
import { type KafkaComponents, kafkaLink, type Link } from './link.ts';
import { backOff, persist } from './persist.ts';

export interface ProducedRecord {
  readonly key: string;
  /** Null: a tombstone; a compacted topic forgets the key. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** @default what `partitionOf` says of the key */
  readonly partition?: number;
}

/** The records of one partition, in order. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ProducedRecord[];
}

/** Where the first record of a batch stands; the others follow it. The broker's words. */
export interface BatchPlace {
  readonly baseOffset: number;
  readonly timeMs: number;
}

export interface Produce {
  /** One result a batch, in order: its place, or why its fate is unknown. */
  send(batches: readonly PartitionBatch[]): Promise<readonly (BatchPlace | BerthError)[]>;
  giveUp(): void;
}

export interface ProduceInit {
  readonly connection: KafkaConnection;
  readonly topics: readonly string[];
  /** How long a batch is repeated. */
  readonly boundMs: number;
}

interface Numbered extends PartitionBatch {
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

interface Producer {
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly nextSequence: Map<string, number>;
}

interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly baseOffset: string;
      readonly logAppendTime: string;
    }[];
  }[];
}

const PRODUCE_VERSION = 7;
const INIT_VERSION = 1;
const ACKS_ALL = -1;
const SEQUENCE_END = 2 ** 31 - 1;
/** How long the broker waits for its followers. */
const FOLLOWERS_TIMEOUT_MS = 5_000;

/** Refused before anything was stored, and it will be again. */
const NEVER: readonly string[] = ['MESSAGE_TOO_LARGE', 'INVALID_RECORD', 'RECORD_LIST_TOO_LARGE'];
/** The broker and we do not agree on the numbers any more. */
const LOST_COUNT: readonly string[] = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'DUPLICATE_SEQUENCE_NUMBER',
];

export function produceTo(init: ProduceInit, components: KafkaComponents): Produce {
  const { clock } = components;
  const link = kafkaLink(init.connection, init.topics, components);
  let producer: Producer | null = null;
  /** Sent, and not known to be there: whatever comes later must not overtake it. */
  let doubtful: readonly Numbered[] = [];

  /** Until each has a result or the time is up; `last`: why those without one have none. */
  async function settle(batches: readonly Numbered[], over: AbortSignal): Promise<Settled> {
    const results = new Map<string, BatchPlace | BerthError>();
    const pause = backOff(components);
    for (;;) {
      const left = batches.filter((batch) => !results.has(nameOf(batch)));
      if (left.length === 0) return { results, left, last: null };
      const { settled, failed } = await sendOnce(link, left, init.connection);
      for (const [name, result] of settled) results.set(name, result);
      if (failed === null) continue;
      if (failed.retry === 'never' || over.aborted) {
        const open = left.filter((batch) => !results.has(nameOf(batch)));
        return { results, left: open, last: failed };
      }
      await pause.wait(over);
    }
  }

  async function sendNumbered(
    batches: readonly Numbered[],
    over: AbortSignal,
  ): Promise<readonly (BatchPlace | BerthError)[]> {
    const { results, left, last } = await settle(batches, over);
    doubtful = left;
    const answer = batches.map((batch) => results.get(nameOf(batch)) ?? notWritten(last));
    // What the broker refused has numbers that it never saw: it would refuse all that follow.
    if ([...results.values()].some((each) => each instanceof Error)) {
      producer = null;
      doubtful = [];
    }
    return answer;
  }

  async function numbered(batches: readonly PartitionBatch[]): Promise<readonly Numbered[]> {
    producer ??= await newProducer(link);
    const { producerId, producerEpoch, nextSequence } = producer;
    return batches.map((batch) => {
      const firstSequence = nextSequence.get(nameOf(batch)) ?? 0;
      nextSequence.set(nameOf(batch), (firstSequence + batch.records.length) % SEQUENCE_END);
      return { ...batch, producerId, producerEpoch, firstSequence };
    });
  }

  async function sendUntil(
    batches: readonly PartitionBatch[],
    over: AbortSignal,
  ): Promise<readonly (BatchPlace | BerthError)[]> {
    if (doubtful.length > 0) await sendNumbered(doubtful, over);
    if (doubtful.length > 0) return batches.map(() => notWritten(null));
    let open: readonly Numbered[];
    try {
      const bound = { boundMs: init.boundMs, brokers: init.connection.brokers, signal: over };
      open = await persist(() => numbered(batches), bound, components);
    } catch (error) {
      const failure = asBerthError(error, init.connection.brokers);
      return batches.map(() => notWritten(failure));
    }
    return sendNumbered(open, over);
  }

  return {
    async send(batches) {
      // A broker that is frozen answers nothing: what waits for it ends with its connection.
      const over = new AbortController();
      const cancel = clock.after(init.boundMs, () => {
        over.abort();
        link.giveUp();
      });
      const results = await sendUntil(batches, over.signal);
      cancel();
      return results;
    },
    giveUp: () => link.giveUp(),
  };
}

interface Settled {
  readonly results: ReadonlyMap<string, BatchPlace | BerthError>;
  readonly left: readonly Numbered[];
  readonly last: BerthError | null;
}

interface Round {
  readonly settled: ReadonlyMap<string, BatchPlace | BerthError>;
  /** Why what is not settled is not. */
  readonly failed: BerthError | null;
}

async function sendOnce(
  link: Link,
  batches: readonly Numbered[],
  { brokers }: KafkaConnection,
): Promise<Round> {
  const settled = new Map<string, BatchPlace | BerthError>();
  const failures: BerthError[] = [];
  try {
    const byLeader = await link.use(async (cluster) => groupByLeader(cluster, batches));
    const asked = [...byLeader].map(async ([nodeId, group]) => {
      try {
        const answer = await link.use((cluster) => produce(cluster, nodeId, group));
        for (const { name, error, place } of judged(answer)) {
          if (place !== null) settled.set(name, place);
          else if (isFinal(error)) settled.set(name, notWritten(asBerthError(error, brokers)));
          else failures.push(asBerthError(error, brokers));
        }
      } catch (error) {
        failures.push(asBerthError(error, brokers));
      }
    });
    await Promise.all(asked);
  } catch (error) {
    failures.push(asBerthError(error, brokers));
  }
  if (failures.length > 0) link.refresh();
  return { settled, failed: failures[0] ?? null };
}

async function produce(
  cluster: Cluster,
  nodeId: number,
  batches: readonly Numbered[],
): Promise<ProduceAnswer> {
  return askEach(await cluster.findBroker({ nodeId }), 'Produce', PRODUCE_VERSION, {
    acks: ACKS_ALL,
    timeout: FOLLOWERS_TIMEOUT_MS,
    producerId: batches[0]?.producerId,
    producerEpoch: batches[0]?.producerEpoch,
    topicData: topicData(batches),
  });
}

function judged(answer: ProduceAnswer) {
  return answer.topics.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partition, errorCode, baseOffset, logAppendTime }) => {
      const name = nameOf({ topic: topicName, partition });
      const error = errorOfCode(errorCode);
      const [offset, timeMs] = [Number(baseOffset), Number(logAppendTime)];
      if (error !== null) return { name, error, place: null };
      // A broker that does not say where it put them: nothing is made up for it.
      if (offset < 0 || timeMs < 0) return { name, error: new Error('no offset'), place: null };
      return { name, error: null, place: { baseOffset: offset, timeMs } };
    }),
  );
}

function isFinal(error: Error | null): boolean {
  const type = refusalOf(error) ?? '';
  return (
    NEVER.includes(type) || LOST_COUNT.includes(type) || asBerthError(error, []).retry === 'never'
  );
}

function groupByLeader(
  cluster: Cluster,
  batches: readonly Numbered[],
): ReadonlyMap<number, readonly Numbered[]> {
  const groups = new Map<number, Numbered[]>();
  for (const batch of batches) {
    const partitions = cluster.findTopicPartitionMetadata(batch.topic);
    const leader = partitions.find(({ partitionId }) => partitionId === batch.partition)?.leader;
    if (leader === undefined || leader < 0) throw errorOfCode(LEADER_NOT_AVAILABLE);
    groups.set(leader, [...(groups.get(leader) ?? []), batch]);
  }
  return groups;
}

const LEADER_NOT_AVAILABLE = 5;

function topicData(batches: readonly Numbered[]) {
  const topics = [...new Set(batches.map(({ topic }) => topic))];
  return topics.map((topic) => ({
    topic,
    partitions: batches
      .filter((batch) => batch.topic === topic)
      .map(({ partition, firstSequence, records }) => ({
        partition,
        firstSequence,
        messages: records,
      })),
  }));
}

async function newProducer(link: Link): Promise<Producer> {
  const { producerId, producerEpoch } = await link.use(async (cluster) =>
    ask<{ readonly producerId: string; readonly producerEpoch: number }>(
      await cluster.findControllerBroker(),
      'InitProducerId',
      INIT_VERSION,
      { transactionTimeout: FOLLOWERS_TIMEOUT_MS },
    ),
  );
  return { producerId, producerEpoch, nextSequence: new Map() };
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }) =>
  `${topic} ${partition}`;

function notWritten(cause: BerthError | null): BerthError {
  const known = ['BERTH_LOG_LOGIN', 'BERTH_LOG_TLS', 'BERTH_LOG_DENIED'];
  if (cause !== null && known.includes(cause.code)) return cause;
  return berthError('BERTH_LOG_WRITE', { reason: cause?.details['reason'] ?? 'no answer' }, cause);
}
