/** Where partitions begin and end, what a group committed, and deleting what lies before. */
import { askEach, errorOfCode } from './cluster.ts';
import { refusalOf } from './failure.ts';
import type { Cluster } from './kafkajs-shapes.ts';
import type { Link } from './link.ts';

const LIST_OFFSETS_VERSION = 3;
const OFFSET_FETCH_VERSION = 4;
const OFFSET_COMMIT_VERSION = 5;
const DELETE_RECORDS_VERSION = 1;
const AT = { start: '-2', end: '-1' } as const;
const CONSUMER = -1;
const READ_UNCOMMITTED = 0;
const LEADER_NOT_AVAILABLE = 5;
const DELETE_TIMEOUT_MS = 5_000;
/** A commit of who is no member. */
const NO_MEMBER = { memberId: '', generationId: -1 };

/** The group has others as members, or is just changing: a hint is not worth a wait. */
const NOT_TAKEN: readonly string[] = [
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
];

export type PartitionOffsets = ReadonlyMap<number, number>;

export interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

export async function offsetsAt(
  link: Link,
  topic: string,
  partitions: readonly number[],
  which: keyof typeof AT,
): Promise<PartitionOffsets> {
  return atLeaders(link, topic, partitions, async (cluster, nodeId, group) => {
    const answer = await askEach<{
      readonly responses: readonly {
        readonly partitions: readonly {
          readonly partition: number;
          readonly errorCode: number;
          readonly offset: string;
        }[];
      }[];
    }>(await cluster.findBroker({ nodeId }), 'ListOffsets', LIST_OFFSETS_VERSION, {
      replicaId: CONSUMER,
      isolationLevel: READ_UNCOMMITTED,
      topics: [
        {
          topic,
          partitions: group.map((partition) => ({ partition, timestamp: AT[which] })),
        },
      ],
    });
    return answer.responses.flatMap((response) =>
      response.partitions.map(({ partition, errorCode, offset }) => {
        throwIfAny(errorCode);
        return [partition, Number(offset)] as const;
      }),
    );
  });
}

/** Answers where each partition begins afterwards. */
export async function deleteBefore(
  link: Link,
  topic: string,
  offsets: PartitionOffsets,
): Promise<PartitionOffsets> {
  return atLeaders(link, topic, [...offsets.keys()], async (cluster, nodeId, group) => {
    const partitions = group.map((partition) => ({
      partition,
      offset: String(offsets.get(partition) ?? 0),
    }));
    const answer = await askEach<{
      readonly topics: readonly {
        readonly partitions: readonly {
          readonly partition: number;
          readonly errorCode: number;
          readonly lowWatermark: bigint;
        }[];
      }[];
    }>(await cluster.findBroker({ nodeId }), 'DeleteRecords', DELETE_RECORDS_VERSION, {
      topics: [{ topic, partitions }],
      timeout: DELETE_TIMEOUT_MS,
    });
    return answer.topics.flatMap((each) =>
      each.partitions.map(({ partition, errorCode, lowWatermark }) => {
        throwIfAny(errorCode);
        return [partition, Number(lowWatermark)] as const;
      }),
    );
  });
}

export async function committedOffsets(
  link: Link,
  groupId: string,
  topic: string,
  partitions: readonly number[],
): Promise<PartitionOffsets> {
  const answer = await link.use(async (cluster) =>
    askEach<{
      readonly errorCode: number;
      readonly responses: readonly {
        readonly partitions: readonly {
          readonly partition: number;
          readonly errorCode: number;
          readonly offset: string;
        }[];
      }[];
    }>(await cluster.findGroupCoordinator({ groupId }), 'OffsetFetch', OFFSET_FETCH_VERSION, {
      groupId,
      topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }],
    }),
  );
  throwIfAny(answer.errorCode);
  const found = answer.responses.flatMap((response) => response.partitions);
  for (const { errorCode } of found) throwIfAny(errorCode);
  return new Map(
    found.flatMap(({ partition, offset }) =>
      Number(offset) < 0 ? [] : [[partition, Number(offset)] as const],
    ),
  );
}

/** Answers why it was not taken, where that is nobody's fault; null: it was. */
export async function commitOffsets(
  link: Link,
  groupId: string,
  topic: string,
  offsets: PartitionOffsets,
  member: Member | null,
): Promise<string | null> {
  const { memberId, generationId } = member ?? NO_MEMBER;
  const partitions = [...offsets].map(([partition, offset]) => ({
    partition,
    offset: String(offset),
  }));
  const answer = await link.use(async (cluster) =>
    askEach<{
      readonly responses: readonly {
        readonly partitions: readonly { readonly errorCode: number }[];
      }[];
    }>(await cluster.findGroupCoordinator({ groupId }), 'OffsetCommit', OFFSET_COMMIT_VERSION, {
      groupId,
      groupGenerationId: generationId,
      memberId,
      topics: [{ topic, partitions }],
    }),
  );
  const codes = answer.responses.flatMap((response) => response.partitions);
  for (const { errorCode } of codes) {
    const error = errorOfCode(errorCode);
    const refusal = refusalOf(error);
    if (refusal !== null && NOT_TAKEN.includes(refusal)) return refusal;
    if (error !== null) throw error;
  }
  return null;
}

async function atLeaders(
  link: Link,
  topic: string,
  partitions: readonly number[],
  ask: (
    cluster: Cluster,
    nodeId: number,
    group: readonly number[],
  ) => Promise<readonly (readonly [number, number])[]>,
): Promise<PartitionOffsets> {
  try {
    const answers = await link.use((cluster) => {
      const known = cluster.findTopicPartitionMetadata(topic);
      const groups = Map.groupBy(
        partitions,
        (partition) => known.find(({ partitionId }) => partitionId === partition)?.leader ?? -1,
      );
      if (groups.has(-1)) throwIfAny(LEADER_NOT_AVAILABLE);
      return Promise.all([...groups].map(([nodeId, group]) => ask(cluster, nodeId, group)));
    });
    return new Map(answers.flat());
  } catch (error) {
    link.refresh();
    throw error;
  }
}

function throwIfAny(errorCode: number): void {
  const error = errorOfCode(errorCode);
  if (error !== null) throw error;
}
