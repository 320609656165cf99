/**
 * A broker that is killed, frozen, or one of three: what was acknowledged is there once, each key
 * in order, and readers go on where they were. Each test has brokers of its own.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noKafka } from '../../../infra/kafka/java.ts';
import { type Broker, type Kafka, startKafka } from '../../../infra/kafka/kafka.ts';
import { kafkaComponents } from '../../../test/kafka-log.ts';
import { upTo } from '../../../test/log-reading.ts';
import { isBerthError } from '../../contract/errors.ts';
import { type KafkaClient, kafkaClient } from './client.ts';
import type { StoredRecord } from './places.ts';

const TIMEOUT_MS = 180_000;
const SOON = { timeout: 60_000, interval: 50 };
const TOPIC = 'test.events';

let kafka: Kafka | null = null;
const opened: KafkaClient[] = [];

beforeEach((context) => {
  context.skip(noKafka !== null, noKafka ?? '');
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
  await kafka?.stop();
  kafka = null;
});

async function start(brokers: 1 | 3): Promise<readonly Broker[]> {
  kafka = await startKafka({ brokers });
  return kafka.brokers;
}

async function open(appendBoundMs: number, partitions = 1): Promise<KafkaClient> {
  const client = await kafkaClient(
    {
      connection: { brokers: (kafka?.bootstrap ?? '').split(',') },
      topics: [{ topic: TOPIC, cleanup: 'keep', partitions }],
      replication: {},
      partitionsDefault: 1,
      appendBoundMs,
    },
    kafkaComponents(),
  );
  opened.push(client);
  return client;
}

const record = (text: string, key = 'pools') => ({ key, value: Buffer.from(text), headers: {} });
const append = (client: KafkaClient, text: string) => client.append(TOPIC, [record(text)]);
const texts = (records: readonly StoredRecord[]) => records.map(({ value }) => String(value));

function reading(client: KafkaClient, partitions = 1) {
  const stop = new AbortController();
  const records: StoredRecord[] = [];
  const from = new Map(upTo(partitions).map((partition) => [partition, 0]));
  const ended = (async () => {
    for await (const batch of client.read(TOPIC, from, { batchMax: 100 }, stop.signal)) {
      records.push(...batch);
    }
  })();
  return {
    records,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

async function everything(client: KafkaClient): Promise<readonly StoredRecord[]> {
  const all: StoredRecord[] = [];
  for await (const batch of client.readToEnd(TOPIC, new AbortController().signal)) {
    all.push(...batch);
  }
  return all;
}

test('a reader goes on where it was when its broker is back, and misses and repeats nothing', {
  timeout: TIMEOUT_MS,
}, async () => {
  const [broker] = (await start(1)) as [Broker];
  const client = await open(60_000);
  const reader = reading(client);
  await append(client, '0');
  await expect.poll(() => reader.records.length, SOON).toBe(1);
  await broker.kill();
  const waiting = append(client, '1');
  await broker.restart();
  expect((await waiting)[0]?.offset).toBe(1);
  await append(client, '2');
  await expect.poll(() => texts(reader.records), SOON).toEqual(['0', '1', '2']);
  await reader.stop();
  expect(reader.records.map(({ offset }) => offset)).toEqual([0, 1, 2]);
});

test('an append that is answered late is there once, at the offset that was answered', {
  timeout: TIMEOUT_MS,
}, async () => {
  const [broker] = (await start(1)) as [Broker];
  const client = await open(60_000);
  await append(client, 'before');
  broker.pause();
  const waiting = append(client, 'late');
  // The first attempt has been given up, and its bytes wait in the broker's socket.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  broker.resume();
  const [place] = await waiting;
  const records = await everything(client);
  expect(texts(records)).toEqual(['before', 'late']);
  expect(place).toMatchObject({ offset: 1, timeMs: records[1]?.timeMs });
});

test('an append fails within its bound, and nothing that comes later overtakes it', {
  timeout: TIMEOUT_MS,
}, async () => {
  const [broker] = (await start(1)) as [Broker];
  const client = await open(1_000);
  await append(client, 'before');
  broker.pause();
  await expect(append(client, 'first')).rejects.toMatchObject({ code: 'BERTH_LOG_WRITE' });
  await expect(append(client, 'not sent')).rejects.toMatchObject({ code: 'BERTH_LOG_WRITE' });
  broker.resume();
  const again = async (text: string): Promise<void> => {
    await expect
      .poll(
        () =>
          append(client, text).then(
            () => true,
            () => false,
          ),
        SOON,
      )
      .toBe(true);
  };
  await again('first');
  await again('second');
  const order = texts(await everything(client));
  expect(order.at(0)).toBe('before');
  expect(order.at(-1)).toBe('second');
  expect(order.indexOf('second')).toBeGreaterThan(order.lastIndexOf('first'));
  expect(order.filter((text) => text === 'first').length).toBeLessThanOrEqual(3);
});

test('one of three brokers is lost: appends and readers go on with the others', {
  timeout: TIMEOUT_MS,
}, async () => {
  const partitions = 6;
  const brokers = await start(3);
  const client = await open(30_000, partitions);
  const reader = reading(client, partitions);
  const acknowledged: string[] = [];
  const stopping = new AbortController();
  const lanes = upTo(6).map(async (lane) => {
    for (let number = 0; !stopping.signal.aborted; number += 1) {
      const text = `${lane}/${number}`;
      await client.append(TOPIC, [record(text, `ns/${lane}`)]).then(
        () => acknowledged.push(text),
        (error: unknown) => {
          if (!isBerthError(error)) throw error;
          // Its fate is unknown: again, with the same bytes.
          number -= 1;
        },
      );
    }
  });
  await expect.poll(() => acknowledged.length, SOON).toBeGreaterThan(200);
  const lost = brokers[0] as Broker;
  await lost.kill();
  const atLoss = acknowledged.length;
  await expect.poll(() => acknowledged.length, SOON).toBeGreaterThan(atLoss + 500);
  await lost.restart();
  const atReturn = acknowledged.length;
  await expect.poll(() => acknowledged.length, SOON).toBeGreaterThan(atReturn + 500);
  stopping.abort();
  await Promise.all(lanes);
  await expect
    .poll(() => new Set(texts(reader.records)).size, SOON)
    .toBeGreaterThanOrEqual(acknowledged.length);
  await reader.stop();
  const places = reader.records.map(({ partition, offset }) => `${partition}/${offset}`);
  expect(new Set(places).size).toBe(places.length);
  for (const lane of upTo(6)) {
    const seen = texts(reader.records.filter(({ key }) => key === `ns/${lane}`));
    const order = [...new Set(seen)];
    expect(order).toEqual(upTo(order.length).map((number) => `${lane}/${number}`));
  }
});
