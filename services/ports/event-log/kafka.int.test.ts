/**
 * Not shared: topics that a history is not safe in, what Kafka's own tools see, records that are
 * none of ours, and who comes in: no other log has any of it.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noKafka } from '../../../infra/kafka/java.ts';
import { type GuardedListeners, type Kafka, startKafka } from '../../../infra/kafka/kafka.ts';
import { kafkaTool } from '../../../infra/kafka/testing/tools.ts';
import { kafkaComponents } from '../../../test/kafka-log.ts';
import { readAll } from '../../../test/log-reading.ts';
import { sharedKafka } from '../../../test/servers/shared-servers.ts';
import type { KafkaConnection } from '../kafka/cluster.ts';
import { type KafkaEventLogInit, kafkaEventLog } from './kafka.ts';
import type { EventLog } from './port.ts';

const GUARDED_TIMEOUT_MS = 120_000;

let prefix: string;
let bootstrap: string;
const opened: EventLog[] = [];

beforeEach(async (context) => {
  context.skip(noKafka !== null, noKafka ?? '');
  prefix = `log-${randomUUID()}`;
  bootstrap = await sharedKafka();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});

async function open(init: Partial<KafkaEventLogInit> = {}): Promise<EventLog> {
  const connection = { brokers: [bootstrap] };
  const log = await kafkaEventLog({ connection, prefix, ...init }, kafkaComponents());
  opened.push(log);
  return log;
}

const topicTool = (...args: readonly string[]) => kafkaTool('topics', bootstrap, args);

test('makes twelve partitions where nothing is said, and takes those that are there', async () => {
  expect((await open()).partitionCount('berth.events')).toBe(12);
  expect((await open()).partitionCount('berth.status')).toBe(1);
  await expect(open({ partitionCount: 4 })).rejects.toMatchObject({
    code: 'BERTH_LOG_PARTITIONS',
    details: { have: 12, want: 4 },
  });
  prefix = `${prefix}-other`;
  await open({ partitionCount: 3 });
  const again = await open();
  expect(again.partitionCount('berth.events')).toBe(3);
  expect(again.partitionCount('berth.acks')).toBe(3);
});

test('several processes may make the topics at once', async () => {
  const logs = await Promise.all([open(), open(), open()]);
  for (const log of logs) expect(log.partitionCount('berth.nodes')).toBe(12);
});

test('refuses a topic that the broker would delete from, and says what mends it', async () => {
  const topic = `${prefix}.events`;
  await topicTool('--create', '--topic', topic, '--config', 'message.timestamp.type=LogAppendTime');
  const refused = open();
  await expect(refused).rejects.toMatchObject({ code: 'BERTH_LOG_TOPIC', details: { topic } });
  await expect(refused).rejects.toHaveProperty(
    'hint',
    `kafka-configs --alter --topic ${topic} --add-config retention.ms=-1`,
  );
});

test('refuses a topic that was given partitions since', async () => {
  await (await open({ partitionCount: 2 })).close();
  const topic = `${prefix}.events`;
  await topicTool('--alter', '--topic', topic, '--partitions', '3');
  await expect(open()).rejects.toMatchObject({ code: 'BERTH_LOG_TOPIC', details: { topic } });
});

test('Kafka’s own consumer shows a CloudEvent under the key of its aggregate', async () => {
  const log = await open({ partitionCount: 1 });
  const body = { type: 'PodGone', uid: 'u1' };
  const value = { id: 'f'.repeat(64), aggregate: 'ns/shop', source: null, body, traceparent: null };
  await log.append('berth.events', [{ key: 'ns/shop', value }]);
  const print = ['key', 'headers', 'offset', 'timestamp'].flatMap((each) => [
    '--formatter-property',
    `print.${each}=true`,
  ]);
  const args = ['--topic', `${prefix}.events`, '--from-beginning', '--max-messages', '1'];
  const line = (await kafkaTool('consume', bootstrap, [...args, ...print])).trim();
  expect(line).toMatch(/^LogAppendTime:\d+\tOffset:0\t/);
  expect(line).toContain(`ce_specversion:1.0,ce_id:${value.id},ce_type:berth.PodGone,`);
  expect(line).toMatch(/ce_source:\/berth\/ns\/shop,ce_time:\d{4}-\d\d-\d\dT[\d:.]+Z,/);
  expect(line).toMatch(
    /content-type:application\/json,traceparent:00-[0-9a-f]{32}-[0-9a-f]{16}-00/,
  );
  expect(line).toContain('\tns/shop\t{"aggregate":"ns/shop","body":{"type":"PodGone"');
});

test('gives on what somebody else wrote as refused, in its place', async () => {
  const log = await open({ partitionCount: 1 });
  const topic = `${prefix}.events`;
  const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'null.marker=NULL'];
  await kafkaTool(
    'produce',
    bootstrap,
    ['--topic', topic, ...keyed],
    'pools\tno JSON\npools\t[1]\n',
  );
  await kafkaTool('produce', bootstrap, ['--topic', topic, ...keyed], 'pools\tNULL\n');
  await log.append('berth.events', [{ key: 'pools', value: { number: 1 } }]);
  const entries = await readAll(log, 'berth.events', 4);
  expect(entries.map(({ offset, refused }) => [offset, refused?.reason])).toEqual([
    [0, 'its value is no JSON'],
    [1, 'its value is no JSON object'],
    [2, 'it has no value'],
    [3, undefined],
  ]);
  expect(String(entries[0]?.refused?.raw?.value)).toBe('no JSON');
});

test('comes in by certificate or password, and says which of them is refused', {
  timeout: GUARDED_TIMEOUT_MS,
}, async () => {
  const kafka: Kafka = await startKafka({ guarded: true });
  try {
    const { tls, sasl } = kafka.guarded as GuardedListeners;
    const file = (name: string) => readFile(join(tls.folder, name), 'utf8');
    const ca = await file('ca.crt');
    const own = { cert: await file('tls.crt'), key: await file('tls.key') };
    const login = { mechanism: 'SCRAM-SHA-512', username: sasl.user } as const;
    const entersBy = async (connection: KafkaConnection) => {
      const log = await open({ connection, partitionCount: 2 });
      await log.append('berth.events', [{ key: 'pools', value: {} }]);
      const count = Object.values(await log.ends('berth.events')).reduce((sum, n) => sum + n, 0);
      expect(await readAll(log, 'berth.events', count)).toHaveLength(count);
    };
    const byTls = { brokers: [tls.bootstrap], tls: { ca, ...own } };
    const byPassword = {
      brokers: [sasl.bootstrap],
      tls: { ca },
      sasl: { ...login, password: sasl.password },
    };
    await entersBy(byTls);
    await entersBy(byPassword);

    const other = await startKafka({ guarded: true });
    const otherFolder = (other.guarded as GuardedListeners).tls.folder;
    const otherFile = (name: string) => readFile(join(otherFolder, name), 'utf8');
    const stranger = { ca: await otherFile('ca.crt') };
    const strangers = { cert: await otherFile('tls.crt'), key: await otherFile('tls.key') };
    await other.stop();
    const refused: readonly [KafkaConnection, string][] = [
      [{ ...byPassword, sasl: { ...login, password: 'guessed' } }, 'BERTH_LOG_LOGIN'],
      [{ ...byPassword, sasl: { ...login, username: 'nobody', password: 'x' } }, 'BERTH_LOG_LOGIN'],
      [{ ...byPassword, tls: stranger }, 'BERTH_LOG_TLS'],
      [{ ...byPassword, tls: {} }, 'BERTH_LOG_TLS'],
      [{ ...byTls, tls: { ca } }, 'BERTH_LOG_TLS'],
      [{ ...byTls, tls: { ca, ...strangers } }, 'BERTH_LOG_TLS'],
    ];
    for (const [connection, code] of refused) {
      await expect(open({ connection }), code).rejects.toMatchObject({ code });
    }
  } finally {
    await kafka.stop();
  }
});
