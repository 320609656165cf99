/**
 * The log on Kafka: each of the contract's topics is one there, under a prefix. Values are
 * canonical JSON; headers follow the CloudEvents binding for Kafka (binary mode) and W3C Trace
 * Context, for readers that are not ours. Offsets and append times are the broker's. Who may do
 * what, and what topics must be like: docs/distributed.md.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import { cloudEventOf } from '../../contract/cloud-event.ts';
import { berthError, isBerthError } from '../../contract/errors.ts';
import type { Refusal } from '../../contract/refusal.ts';
import { brokerTopic, TOPICS, type Topic, topicSettings } from '../../contract/topics.ts';
import { tell } from '../../runtime/channels.ts';
import { type KafkaClient, kafkaClient } from '../kafka/client.ts';
import type { KafkaConnection } from '../kafka/cluster.ts';
import type { KafkaComponents } from '../kafka/link.ts';
import type { Place, StoredRecord } from '../kafka/places.ts';
import type { ProducedRecord } from '../kafka/produce.ts';
import type { Replication } from '../kafka/topic-settings.ts';
import type { Entry, EventLog, LogValue, NewEntry, Offsets } from './port.ts';

export interface KafkaEventLogInit {
  readonly connection: KafkaConnection;
  /** Of the names of topics and groups: `PREFIX.events`. @default 'berth' */
  readonly prefix?: string;
  /**
   * Of topics that have no count of their own; another than they have is refused.
   * @default as they have; 12 where they are made
   */
  readonly partitionCount?: number;
  readonly replication?: Replication;
  /** Entries a batch. @default 512 */
  readonly readBatchMax?: number;
}

/** Only of moved records, as a CloudEvents extension: milliseconds since the epoch. */
const FIRST_TIME = 'ce_berthfirsttime';
const PREFIX = 'berth';
const PARTITIONS_DEFAULT = 12;
const READ_BATCH_MAX = 512;

export async function kafkaEventLog(
  init: KafkaEventLogInit,
  components: KafkaComponents,
): Promise<EventLog> {
  const prefix = init.prefix ?? PREFIX;
  const topics = Object.values(TOPICS).map(({ name }) => {
    const { partitions, ...settings } = topicSettings(name);
    const count = partitions ?? init.partitionCount ?? null;
    return { ...settings, topic: brokerTopic(prefix, name), partitions: count };
  });
  const client = await kafkaClient(
    {
      connection: init.connection,
      topics,
      replication: init.replication ?? {},
      partitionsDefault: PARTITIONS_DEFAULT,
    },
    components,
  );
  return eventLog(client, init, components);
}

function eventLog(
  client: KafkaClient,
  init: KafkaEventLogInit,
  { clock }: KafkaComponents,
): EventLog {
  const prefix = init.prefix ?? PREFIX;
  const nameOf = (topic: Topic): string => brokerTopic(prefix, topic);
  const groupOf = (cursor: string): string => `${prefix}.${cursor}`;
  const batchMax = init.readBatchMax ?? READ_BATCH_MAX;
  const partitionCount = (topic: Topic): number => client.partitionCount(nameOf(topic));
  const all = (topic: Topic): readonly number[] =>
    Array.from({ length: partitionCount(topic) }, (_, partition) => partition);

  return {
    kind: 'kafka',
    partitionCount,
    async append(topic, entries) {
      const nowMs = clock.nowMs();
      const records = entries.map((entry, index) => recordOf(topic, entry, index, nowMs));
      const places = await client.append(nameOf(topic), records);
      const seconds = (clock.nowMs() - nowMs) / 1_000;
      tell('berth:log:entries-written', { entries: places.length, seconds });
      return places.map((place, index) => placed(entries[index] as NewEntry, place));
    },
    read(topic, from, signal, partitions = all(topic)) {
      const start = new Map(partitions.map((each) => [each, from[each] ?? 0]));
      return entriesOf(topic, client.read(nameOf(topic), start, { batchMax }, signal));
    },
    starts: async (topic) => Object.fromEntries(await client.starts(nameOf(topic))),
    ends: async (topic) => Object.fromEntries(await client.ends(nameOf(topic))),
    async latest(topic) {
      const latest = new Map<string, Entry>();
      const { signal } = new AbortController();
      for await (const batch of client.readToEnd(nameOf(topic), signal)) {
        for (const record of batch) {
          if (record.value === null) latest.delete(record.key);
          else latest.set(record.key, entryOf(record));
        }
      }
      return latest;
    },
    join: (group, topic, signal) => client.join(groupOf(group), nameOf(topic), signal),
    commit: (cursor, topic, offsets) =>
      client.commit(groupOf(cursor), nameOf(topic), byPartition(offsets)),
    committed: async (cursor, topic) =>
      Object.fromEntries(await client.committed(groupOf(cursor), nameOf(topic))),
    close: () => client.close(),
  };
}

function recordOf(
  topic: Topic,
  { key, value, firstTimeMs }: NewEntry,
  index: number,
  nowMs: number,
): ProducedRecord {
  try {
    const bytes = Buffer.from(canonicalJson(value));
    const event = cloudEventOf(topic, key, value);
    const headers = {
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_type: event.type,
      ce_source: event.source,
      ce_time: new Date(firstTimeMs ?? nowMs).toISOString(),
      ...(firstTimeMs === undefined ? {} : { [FIRST_TIME]: String(firstTimeMs) }),
      'content-type': 'application/json',
      traceparent: event.traceparent,
    };
    return { key, value: bytes, headers };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_LOG_BAD_ENTRY', { index, reason }, error);
  }
}

function placed(
  { key, value, firstTimeMs }: NewEntry,
  { partition, offset, timeMs }: Place,
): Entry {
  return { key, value, partition, offset, timeMs: firstTimeMs ?? timeMs };
}

async function* entriesOf(
  topic: Topic,
  batches: AsyncIterable<readonly StoredRecord[]>,
): AsyncGenerator<readonly Entry[], void, void> {
  try {
    for await (const batch of batches) {
      if (batch.length > 0) yield batch.map(entryOf);
    }
  } catch (error) {
    if (!isBerthError(error) || error.code !== 'BERTH_LOG_OFFSET_GONE') throw error;
    throw berthError('BERTH_LOG_OFFSET_GONE', { ...error.details, topic }, error);
  }
}

/** What is none of our appends is refused, in its place: it ends no reader. */
function entryOf(record: StoredRecord): Entry {
  const { key, partition, offset } = record;
  const first = Number(record.headers[FIRST_TIME] ?? record.timeMs);
  const hasTime = Number.isSafeInteger(first) && first >= 0;
  const timeMs = hasTime ? first : record.timeMs;
  const value = hasTime ? parsed(record.value) : `its header ${FIRST_TIME} is no time`;
  if (typeof value !== 'string') return { key, value, partition, offset, timeMs };
  const headers = Object.fromEntries(
    Object.entries(record.headers).flatMap(([name, bytes]) => {
      const first = Buffer.isBuffer(bytes) ? bytes : bytes[0];
      return first === undefined ? [] : [[name, first]];
    }),
  );
  const raw = { key: key === '' ? null : Buffer.from(key), value: record.value, headers };
  const refused: Refusal = { because: 'bytes', reason: value, raw };
  return { key, value: {}, partition, offset, timeMs, refused };
}

/** A text: why it is no value. */
function parsed(bytes: Buffer | null): LogValue | string {
  if (bytes === null) return 'it has no value';
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as LogValue) : 'its value is no JSON object';
  } catch {
    return 'its value is no JSON';
  }
}

function byPartition(offsets: Offsets): ReadonlyMap<number, number> {
  return new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]));
}
