/** A log on the run's Kafka under a prefix of its own, for suites that close and open it again. */
import { randomUUID } from 'node:crypto';
import type { Topic } from '../services/contract/topics.ts';
import { kafkaEventLog } from '../services/ports/event-log/kafka.ts';
import type { EventLog, Offsets } from '../services/ports/event-log/port.ts';
import { kafkaClient } from '../services/ports/kafka/client.ts';
import type { KafkaComponents } from '../services/ports/kafka/link.ts';
import { systemClock } from '../services/runtime/clock.ts';
import { jsonLog } from '../services/runtime/log.ts';
import { systemRandom } from '../services/runtime/random.ts';
import { sharedKafka } from './servers/shared-servers.ts';

const READ_BATCH_MAX = 8;

export function kafkaComponents(): KafkaComponents {
  return { clock: systemClock(), random: systemRandom(), log: jsonLog({ level: 'error' }) };
}

export interface KeptOnKafka {
  readonly opened: EventLog;
  readonly readBatchMax: number;
  reopen(): Promise<EventLog>;
  deleteBefore(topic: Topic, offsets: Offsets): Promise<EventLog>;
  teardown(): Promise<void>;
}

export async function keptOnKafka(partitionCount: number): Promise<KeptOnKafka> {
  const prefix = `log-${randomUUID()}`;
  const connection = { brokers: [await sharedKafka()] };
  const components = kafkaComponents();
  const open = (): Promise<EventLog> =>
    kafkaEventLog({ connection, prefix, partitionCount, readBatchMax: READ_BATCH_MAX }, components);
  let current = await open();
  const reopen = async (): Promise<EventLog> => {
    await current.close();
    current = await open();
    return current;
  };
  return {
    opened: current,
    readBatchMax: READ_BATCH_MAX,
    reopen,
    async deleteBefore(topic: Topic, offsets: Offsets) {
      const name = topic.replace('berth', prefix);
      const spec = { topic: name, cleanup: 'keep', partitions: partitionCount } as const;
      const init = { connection, topics: [spec], replication: {}, partitionsDefault: 1 };
      const client = await kafkaClient(init, components);
      const places = Object.entries(offsets).map(([each, end]) => [Number(each), end] as const);
      await client.deleteBefore(name, new Map(places));
      await client.close();
      return reopen();
    },
    teardown: () => current.close(),
  };
}
