/**
 * Somebody else writes into the topics of the history, with Kafka's own producer: bytes, half
 * records, records changed or copied. Pods get their berths all the same, all readers end in one
 * state, and people find what was refused, with the reason, by Kafka's own consumer.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noKafka } from '../../infra/kafka/java.ts';
import { kafkaTool } from '../../infra/kafka/testing/tools.ts';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import { canonicalJson } from '../../services/contract/canonical.ts';
import type { DeadLetter } from '../../services/contract/dead-letter.ts';
import { loggedEvent } from '../../services/contract/logged-event.ts';
import { type EventRecord, eventRecord } from '../../services/contract/records.ts';
import type { Ruling } from '../../services/contract/ruling.ts';
import { createMapper } from '../../services/mapper/mapper.ts';
import { lmdbCheckpoints } from '../../services/ports/checkpoints/lmdb.ts';
import { kafkaEventLog } from '../../services/ports/event-log/kafka.ts';
import type { EventLog, NewEntry } from '../../services/ports/event-log/port.ts';
import { localJobs } from '../../services/ports/jobs/local.ts';
import { type Host, startFunctions } from '../../services/runtime/host.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { readableLog } from '../../services/runtime/readable-log.ts';
import { createStory } from '../fold/story.ts';
import { kafkaComponents } from '../kafka-log.ts';
import { sharedKafka } from '../servers/shared-servers.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts';

const TIMEOUT_MS = 60_000;
const WAIT = { timeout: 20_000 };

let folder: TemporaryFolder;
let bootstrap: string;
let prefix: string;
const ending: (() => Promise<void>)[] = [];

beforeEach(async (context) => {
  context.skip(noKafka !== null, noKafka ?? '');
  folder = await temporaryFolder();
  bootstrap = await sharedKafka();
  prefix = `strangers-${randomUUID()}`;
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
  await folder.remove();
});

async function openLog(rulings: readonly Ruling[] = []): Promise<EventLog> {
  const connection = { brokers: [bootstrap] };
  const raw = await kafkaEventLog({ connection, prefix, partitionCount: 3 }, kafkaComponents());
  ending.push(() => raw.close());
  return readableLog(raw, { rulings });
}

async function startMapper(eventLog: EventLog, name: string): Promise<Host> {
  const { clock, random } = kafkaComponents();
  const log = jsonLog({ level: 'silent' });
  const dir = `${folder.path}/${name}`;
  const checkpoints = lmdbCheckpoints({ dir });
  const jobs = await localJobs({ dir }, { clock, random, log });
  const components = { eventLog, checkpoints, jobs, clock, log };
  const host = startFunctions(createMapper({}, components).functions, components);
  ending.push(async () => {
    await host.stop();
    await jobs.close();
    await checkpoints.close();
  });
  return host;
}

/** A fold of its own that reads along from the beginning, as every process has one. */
function startReader(eventLog: EventLog): World {
  const world = createWorld();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const batch of eventLog.read('berth.events', {}, stop.signal)) {
      for (const entry of batch) world.apply(loggedEvent(entry));
    }
  })();
  reading.catch(() => undefined);
  ending.push(async () => {
    stop.abort();
    await reading.catch(() => undefined);
  });
  return world;
}

const story = createStory();

function told(tell: () => void): NewEntry[] {
  const before = story.log.events.length;
  tell();
  return story.log.events.slice(before).map(({ record }) => entryOf(record));
}

const entryOf = (record: EventRecord): NewEntry => ({
  key: record.aggregate,
  value: { ...record },
});

const mapped = (world: World): string[] =>
  [...(world.namespace('shop')?.pods.values() ?? [])]
    .filter(({ berths }) => berths.size > 0)
    .map(({ facts }) => facts.uid)
    .toSorted();

/** Lines `key<TAB>value` by Kafka's own producer, which has a partitioner of its own. */
async function produce(lines: readonly (readonly [string, string])[]): Promise<void> {
  const properties = ['parse.key=true', 'null.marker=NULL'];
  const args = properties.flatMap((each) => ['--reader-property', each]);
  const input = lines.map(([key, value]) => `${key}\t${value}\n`).join('');
  await kafkaTool('produce', bootstrap, ['--topic', `${prefix}.events`, ...args], input);
}

async function deadLetters(count: number): Promise<readonly DeadLetter[]> {
  const args = ['--topic', `${prefix}.dead-letters`, '--from-beginning', '--max-messages'];
  const lines = await kafkaTool('consume', bootstrap, [...args, String(count)]);
  return lines
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as DeadLetter);
}

test('what strangers write stops nobody, changes nothing, and is kept with the reason', {
  timeout: TIMEOUT_MS,
}, async () => {
  const log = await openLog();
  await startMapper(log, 'first');
  const world = startReader(log);
  const beginning = told(() => {
    story.pool('blue');
    story.target('orders-db');
    story.egressNat('shop', 'checkout');
    story.pod('shop', 'a');
  });
  await log.append('berth.events', beginning);
  await expect.poll(() => mapped(world), WAIT).toEqual(['a']);

  const record = beginning.at(-1)?.value as unknown as EventRecord;
  const stolen = { ...record, body: { ...record.body, pod: { uid: 'b' } } };
  await produce([
    ['ns/shop', 'no JSON at all'],
    ['ns/shop', '[1,2,3]'],
    ['ns/shop', 'NULL'],
    ['NULL', '{}'],
    ['ns/shop', '{"id":"x"}'],
    ['ns/shop', canonicalJson({ ...record, id: '0'.repeat(64) })],
    ['ns/shop', canonicalJson(stolen)],
    ['ns/other', canonicalJson(record)],
    ['ns/shop', 'x'.repeat(700_000)],
  ]);
  await log.append(
    'berth.events',
    told(() => story.pod('shop', 'c')),
  );
  await expect.poll(() => mapped(world), WAIT).toEqual(['a', 'c']);

  const letters = await deadLetters(9);
  const reasons = letters.map(({ because }) => because);
  expect(new Set(letters.map(({ id }) => id)).size).toBe(9);
  expect(reasons.filter((because) => because === 'bytes')).toHaveLength(4);
  // Which of these a copied record is depends on where that producer put it.
  const others = reasons.filter((because) => because !== 'bytes');
  for (const because of others)
    expect(['envelope', 'body', 'id', 'key', 'partition']).toContain(because);
  const huge = letters.find(({ valueBytes }) => valueBytes === 700_000);
  expect(Buffer.from(huge?.value ?? '', 'base64').toString()).toBe('x'.repeat(512 * 1024));

  // Whoever reads all of it anew comes to the same, and to the end.
  const anew = startReader(await openLog());
  const ends = await log.ends('berth.events');
  const last = Object.entries(ends).flatMap(([at, end]) => (end > 0 ? [[at, end - 1]] : []));
  await expect.poll(() => anew.version, WAIT).toEqual(Object.fromEntries(last));
  await expect.poll(() => world.version, WAIT).toEqual(anew.version);
  for (const { key } of anew.aggregates()) expect(world.text(key)).toEqual(anew.text(key));
});

test('a type of the future ends the mapper by name; a ruling lets the next one go on', {
  timeout: TIMEOUT_MS,
}, async () => {
  const log = await openLog();
  const future = eventRecord('ns/pay', { type: 'PodMoved', to: 'n9' } as never);
  const [at] = await log.append('berth.events', [entryOf(future)]);
  if (at === undefined) throw new Error('nothing was appended');
  const old = await startMapper(log, 'old');
  expect(await old.failed).toMatchObject({
    code: 'BERTH_FOLD_UNKNOWN_TYPE',
    details: { id: future.id, partition: at.partition, offset: at.offset, type: 'PodMoved' },
  });
  await old.stop();

  const { partition, offset } = at;
  const ruled = await openLog([{ topic: 'berth.events', partition, offset, id: future.id }]);
  await startMapper(ruled, 'next');
  const world = startReader(ruled);
  const pay = createStory();
  pay.pool('green');
  pay.target('orders-db');
  pay.egressNat('pay', 'checkout', { pool: 'green' });
  pay.pod('pay', 'z');
  await ruled.append(
    'berth.events',
    pay.log.events.map(({ record }) => entryOf(record)),
  );
  await expect
    .poll(() => [...(world.namespace('pay')?.pods.values() ?? [])][0]?.berths.size, WAIT)
    .toBe(1);
  const [letter] = await deadLetters(1);
  expect(letter).toMatchObject({ because: 'ruling', partition, offset });
});
