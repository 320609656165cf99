/** Makes the topics that are missing, and refuses those in which a history would not be safe. */
import { berthError } from '../../contract/errors.ts';
import { askEach, errorOfCode } from './cluster.ts';
import type { Broker, Metadata } from './kafkajs-shapes.ts';
import type { Link } from './link.ts';
import {
  commonCount,
  faultOf,
  type Replication,
  settingsToCreate,
  type TopicAsIs,
  type TopicSpec,
} from './topic-settings.ts';

const METADATA_VERSION = 6;
const CREATE_VERSION = 3;
const DESCRIBE_VERSION = 2;
const TOPIC_RESOURCE = 2;
const BROKER_DEFAULT = -1;
const CREATE_TIMEOUT_MS = 5_000;

const UNKNOWN_TOPIC = 3;
const ALREADY_EXISTS = 36;
const INVALID_REPLICATION = 38;

/** Answers how many partitions each topic has. Two processes may do it at once. */
export async function ensureTopics(
  link: Link,
  specs: readonly TopicSpec[],
  init: { readonly replication: Replication; readonly partitionsDefault: number },
): Promise<ReadonlyMap<string, number>> {
  return link.use(async (cluster) => {
    const controller = await cluster.findControllerBroker();
    const before = await topicsOf(controller, specs);
    const missing = specs.filter(({ topic }) => before.get(topic) === undefined);
    const have = new Map([...before].map(([topic, found]) => [topic, found.length]));
    const partitionsDefault = commonCount(specs, have, init.partitionsDefault);
    if (missing.length > 0) await create(controller, missing, { ...init, partitionsDefault });
    const asIs = await describe(controller, specs);
    const counts = new Map<string, number>();
    for (const spec of specs) {
      const found = asIs.get(spec.topic);
      // Made, but not yet known to all brokers: whoever calls asks again.
      if (found === undefined) throw errorOfCode(UNKNOWN_TOPIC);
      const fault = faultOf(spec, found, init.replication);
      if (fault !== null) throw fault;
      counts.set(spec.topic, found.partitions);
    }
    return counts;
  });
}

type Topics = ReadonlyMap<string, Metadata['topicMetadata'][number]['partitionMetadata']>;

async function topicsOf(broker: Broker, specs: readonly TopicSpec[]): Promise<Topics> {
  const { topicMetadata } = await askEach<Metadata>(broker, 'Metadata', METADATA_VERSION, {
    topics: specs.map(({ topic }) => topic),
    allowAutoTopicCreation: false,
  });
  const found = topicMetadata.flatMap(({ topic, topicErrorCode, partitionMetadata }) => {
    if (topicErrorCode === UNKNOWN_TOPIC) return [];
    const error = errorOfCode(topicErrorCode);
    if (error !== null) throw error;
    return [[topic, partitionMetadata] as const];
  });
  return new Map(found);
}

async function create(
  controller: Broker,
  specs: readonly TopicSpec[],
  init: { readonly replication: Replication; readonly partitionsDefault: number },
): Promise<void> {
  const { replication, partitionsDefault } = init;
  const answer = await askEach<{
    readonly topicErrors: readonly {
      readonly topic: string;
      readonly errorCode: number;
      readonly errorMessage: string | null;
    }[];
  }>(controller, 'CreateTopics', CREATE_VERSION, {
    topics: specs.map((spec) => ({
      topic: spec.topic,
      numPartitions: spec.partitions ?? partitionsDefault,
      replicationFactor: replication.factor ?? BROKER_DEFAULT,
      configEntries: Object.entries(settingsToCreate(spec, replication)).map(([name, value]) => ({
        name,
        value,
      })),
    })),
    timeout: CREATE_TIMEOUT_MS,
  });
  for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
    if (errorCode === INVALID_REPLICATION) {
      const reason = `it cannot have ${replication.factor} replicas (${errorMessage})`;
      const remedy = 'Start more brokers, or say how many replicas topics shall have.';
      throw berthError('BERTH_LOG_TOPIC', { topic, reason, remedy });
    }
    const error = errorCode === ALREADY_EXISTS ? null : errorOfCode(errorCode);
    if (error !== null) throw error;
  }
}

async function describe(
  broker: Broker,
  specs: readonly TopicSpec[],
): Promise<ReadonlyMap<string, TopicAsIs>> {
  const partitions = await topicsOf(broker, specs);
  const { resources } = await askEach<{
    readonly resources: readonly {
      readonly resourceName: string;
      readonly errorCode: number;
      readonly configEntries: readonly {
        readonly configName: string;
        readonly configValue: string | null;
      }[];
    }[];
  }>(broker, 'DescribeConfigs', DESCRIBE_VERSION, {
    resources: specs.map(({ topic }) => ({ type: TOPIC_RESOURCE, name: topic, configNames: [] })),
    includeSynonyms: false,
  });
  const found = resources.flatMap(({ resourceName, errorCode, configEntries }) => {
    const ofTopic = partitions.get(resourceName);
    if (errorCode === UNKNOWN_TOPIC || ofTopic === undefined) return [];
    const error = errorOfCode(errorCode);
    if (error !== null) throw error;
    const settings = new Map(
      configEntries.map(({ configName, configValue }) => [configName, configValue ?? '']),
    );
    const replicas = Math.min(...ofTopic.map((each) => each.replicas.length));
    return [[resourceName, { partitions: ofTopic.length, replicas, settings }] as const];
  });
  return new Map(found);
}
