/**
 * The Kafka checkpoints against what only a broker does or lets others do: the cleaner runs, two
 * writers have one topic, somebody else's records are in it. Torn passes in all their forms:
 * test/fold/torn-passes.property.test.ts.
 */
import { afterEach, expect, test } from 'vitest';
import { keepingLog } from '../../../test/log-lines.ts';
import { kafkaStore } from '../../../test/servers/kafka-checkpoints.ts';
import { sha256 } from '../../contract/canonical.ts';
import type { AggregateKey } from '../../contract/identity.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { type KafkaClient, kafkaClient } from '../kafka/client.ts';
import { type KafkaCheckpointsInit, kafkaCheckpoints } from './kafka.ts';
import type { Checkpoint } from './port.ts';

const components = { clock: systemClock(), random: systemRandom(), log: keepingLog() };
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function store(topicSettings?: Readonly<Record<string, string>>) {
  const opened = await kafkaStore(topicSettings === undefined ? {} : { topicSettings });
  closing.push(opened.teardown);
  return opened;
}

async function another(init: KafkaCheckpointsInit) {
  const opened = await kafkaCheckpoints(init, components);
  closing.push(opened.close);
  return opened;
}

async function rawClient({ connection, prefix }: KafkaCheckpointsInit): Promise<KafkaClient> {
  const topics = [
    { topic: `${prefix}.checkpoints`, cleanup: 'compact', partitions: null },
  ] as const;
  const init = { connection, topics, replication: {}, partitionsDefault: 1 };
  const client = await kafkaClient(init, components);
  closing.push(client.close);
  return client;
}

function checkpoint(aggregate: AggregateKey, offset: number): Checkpoint {
  const state = JSON.stringify({ aggregate, offset, filler: components.random.id().repeat(200) });
  return { aggregate, position: { partition: 3, offset }, rules: 2, state, hash: sha256(state) };
}

test('the cleaner takes what is superseded, and what is left is whole', async () => {
  const { opened, init } = await store({
    'segment.ms': '200',
    'min.cleanable.dirty.ratio': '0.01',
    'max.compaction.lag.ms': '200',
    'delete.retention.ms': '0',
  });
  const client = await rawClient(init);
  const topic = `${init.prefix}.checkpoints`;
  const idle = checkpoint('pools', 0);
  await opened.save({ checkpoints: [idle], version: { 3: 0 } });
  const recordsLeft = async (): Promise<number> => {
    let count = 0;
    const { signal } = new AbortController();
    for await (const records of client.readToEnd(topic, signal, [3])) count += records.length;
    return count;
  };
  let offset = 0;
  const saveNext = async (): Promise<Checkpoint> => {
    offset += 1;
    const next = checkpoint('ns/shop', offset);
    await opened.save({ checkpoints: [next], version: { 3: offset } });
    return next;
  };
  for (const _ of Array(20)) await saveNext();
  let last = await saveNext();
  // A pass is three records and more; the cleaner comes every 15 s, and not to the last segment.
  await expect
    .poll(
      async () => {
        last = await saveNext();
        return (await recordsLeft()) < 3 * offset - 20;
      },
      { timeout: 50_000, interval: 500 },
    )
    .toBe(true);
  const pass = await (await another(init)).all([3]);
  expect(pass.version).toEqual({ 3: offset });
  expect(new Set(pass.checkpoints)).toEqual(new Set([idle, last]));
});

test('two writers of one topic take nothing from each other', async () => {
  const { opened: first, init } = await store();
  const second = await another(init);
  const saves = Array.from({ length: 12 }, async (_, index) => {
    const writer = index % 2 === 0 ? first : second;
    const key: AggregateKey = index % 3 === 0 ? 'ns/a' : 'ns/b';
    await writer
      .save({ checkpoints: [checkpoint(key, index)], version: { 3: index } })
      .catch(() => undefined);
  });
  await Promise.all(saves);
  await second.save({ checkpoints: [checkpoint('ns/a', 20)], version: { 3: 20 } });
  // It knows nothing of that: it is refused nothing, and takes nothing away.
  await first.save({ checkpoints: [checkpoint('ns/a', 15)], version: { 3: 15 } });
  const { checkpoints, version } = await (await another(init)).all();
  expect(version).toEqual({ 3: 20 });
  expect(checkpoints.find(({ aggregate }) => aggregate === 'ns/a')?.position.offset).toBe(20);
  expect(checkpoints).toHaveLength(2);
});

test('records that are none of ours, torn and damaged documents are left alone', async () => {
  const { opened, init } = await store();
  const client = await rawClient(init);
  const saved = checkpoint('ns/a', 5);
  await opened.save({ checkpoints: [saved], version: { 3: 5 } });
  const value = Buffer.from('no gzip at all');
  const last = { chunks: '1', sha256: sha256('another') };
  await client.append(`${init.prefix}.checkpoints`, [
    { key: 'a note', value, headers: {}, partition: 3 },
    { key: 'state/ns/a@3:9~2~else#0', value, headers: {}, partition: 3 },
    { key: 'state/ns/a@3:10~2~else#0', value, headers: last, partition: 3 },
    { key: 'pass/@3:11~0~else#0', value, headers: last, partition: 3 },
  ]);
  const pass = await (await another(init)).all();
  expect(pass).toEqual({ checkpoints: [saved], version: { 3: 5 } });
});
