/**
 * Checkpoints in a compacted topic, without a transaction: states and closings of passes are
 * documents in chunks (kafka/document.ts). A pass is written states first, then its closing, and
 * only then is forgotten what it supersedes. A reader takes the furthest whole state of each
 * aggregate, and the furthest closing of which nothing is missing. So a pass may be torn anywhere,
 * and writers may race; docs/decisions/0059 says why none of them takes anything from another.
 *
 * What is refused as going back is what this writer can see: its own, and what it has read.
 */
import { kafkaClient } from '../kafka/client.ts';
import type { KafkaConnection } from '../kafka/cluster.ts';
import type { KafkaComponents } from '../kafka/link.ts';
import type { Replication } from '../kafka/topic-settings.ts';
import { checkpointsIn } from './kafka/store.ts';
import { checkpointsTopic } from './kafka/topic.ts';
import type { Checkpoints } from './port.ts';

export interface KafkaCheckpointsInit {
  readonly connection: KafkaConnection;
  /** The topic is `PREFIX.checkpoints`. @default 'berth' */
  readonly prefix?: string;
  readonly replication?: Replication;
  /** Of the topic where it is made, beside those that are needed. @default TOPIC_SETTINGS */
  readonly topicSettings?: Readonly<Record<string, string>>;
}

const PREFIX = 'berth';
/** How many the topic is made with; the log's partitions share them. */
const PARTITIONS = 12;
/**
 * The cleaner never looks at the segment that is written, and readers read all that is there: so
 * segments are small, and the cleaner comes before half of them is superseded.
 */
const TOPIC_SETTINGS = { 'segment.bytes': '33554432', 'min.cleanable.dirty.ratio': '0.3' };

export async function kafkaCheckpoints(
  init: KafkaCheckpointsInit,
  components: KafkaComponents,
): Promise<Checkpoints> {
  const { connection, replication = {}, topicSettings: settings = TOPIC_SETTINGS } = init;
  const name = `${init.prefix ?? PREFIX}.checkpoints`;
  const topics = [{ topic: name, cleanup: 'compact', partitions: null, settings }] as const;
  const client = await kafkaClient(
    { connection, topics, replication, partitionsDefault: PARTITIONS },
    components,
  );
  const topic = checkpointsTopic({ name }, { client, log: components.log });
  const writer = components.random.id();
  return checkpointsIn(topic, { writer, close: () => client.close() });
}
