/**
 * A mapper that only events over HTTP drive, on a real Kafka and a real Redis: started by the first
 * event, killed as soon as nothing is left to deliver and once in the middle, started by the next.
 * What comes out is what a mapper that reads by itself makes of the same observations.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { noKafka } from '../../infra/kafka/java.ts';
import { noRedis } from '../../infra/redis/binary.ts';
import { freePorts } from '../../infra/servers/free-ports.ts';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import { loggedEvent } from '../../services/contract/logged-event.ts';
import { kafkaEventLog } from '../../services/ports/event-log/kafka.ts';
import type { EventLog } from '../../services/ports/event-log/port.ts';
import { startKafkaSource } from '../../services/runtime/events/kafka-source-fixtures.ts';
import { createStory, heldBlocks } from '../fold/story.ts';
import { kafkaComponents } from '../kafka-log.ts';
import { sharedKafka, sharedRedis } from '../servers/shared-servers.ts';

const MAIN = 'services/cli/main.ts';
const PARTITIONS = 4;
const NAMESPACES = ['shop', 'pay', 'mail'];
const WAVES = 2;
const WAIT = { timeout: 60_000, interval: 50 };

const children = new Set<ChildProcess>();
const logs = new Set<EventLog>();

afterEach(async () => {
  for (const child of children) await kill(child);
  for (const log of logs) await log.close();
});

/** What a watcher would append, in waves: a pod in each namespace in each of them. */
function observations() {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  for (const namespace of NAMESPACES) story.egressNat(namespace, 'checkout');
  const waves = Array.from({ length: WAVES + 1 }, (_, wave) => {
    for (const namespace of NAMESPACES) story.pod(namespace, `${namespace}-${wave}`);
    return story.log.events.length;
  });
  return waves.map((end, wave) => {
    const events = story.log.events.slice(waves[wave - 1] ?? 0, end);
    return events.map(({ record }) => ({ key: record.aggregate, value: { ...record } }));
  });
}

async function openLog(prefix: string): Promise<EventLog> {
  const connection = { brokers: [await sharedKafka()] };
  const log = await kafkaEventLog(
    { connection, prefix, partitionCount: PARTITIONS },
    kafkaComponents(),
  );
  logs.add(log);
  return log;
}

async function startMapper(prefix: string, ...more: string[]): Promise<ChildProcess> {
  const servers = ['--kafka', await sharedKafka(), '--redis', await sharedRedis()];
  const args = [MAIN, 'run', 'mapper', ...servers, '--prefix', prefix, ...more];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  children.add(child);
  return child;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => (exitCode ?? signalCode) !== null;

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Everything that the log says now. */
async function folded(log: EventLog): Promise<World> {
  const world = createWorld();
  const ends = await log.ends('berth.events');
  const left = new Map(Object.entries(ends).filter(([, end]) => end > 0));
  const { signal } = new AbortController();
  if (left.size === 0) return world;
  for await (const entries of log.read('berth.events', {}, signal)) {
    for (const entry of entries) world.apply(loggedEvent(entry));
    const last = entries.at(-1);
    if (last === undefined) continue;
    if (last.offset + 1 >= (ends[last.partition] ?? 0)) left.delete(String(last.partition));
    if (left.size === 0) break;
  }
  return world;
}

const blocksIn = (world: World) =>
  NAMESPACES.flatMap((name) => {
    const state = world.namespace(name);
    return state === undefined ? [] : heldBlocks(state);
  });

async function untilMapped(log: EventLog, pods: number): Promise<World> {
  await expect.poll(async () => blocksIn(await folded(log)).length, WAIT).toBe(pods);
  return folded(log);
}

/** Started when somebody asks for it, as an activator does. */
function scaledFromZero(prefix: string, port: number) {
  const url = `http://127.0.0.1:${port}/`;
  let running: ChildProcess | null = null;
  let starts = 0;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  return {
    starts: () => starts,
    async sink() {
      if (running === null) {
        starts += 1;
        running = await startMapper(prefix, '--trigger', `http=127.0.0.1:${port}`);
      }
      const child = running;
      await expect.poll(async () => hasEnded(child) || (await answers()), WAIT).toBe(true);
      return hasEnded(child) ? null : url;
    },
    async toZero() {
      if (running !== null) await kill(running);
      running = null;
    },
  };
}

const noServers = noKafka ?? noRedis;

test('a mapper driven by events, scaled to zero and back, makes what a native one makes', {
  timeout: 240_000,
}, async (context) => {
  context.skip(noServers !== null, noServers ?? '');
  const waves = observations();
  const last = waves.pop() ?? [];
  const prefix = `events-${randomUUID()}`;
  const log = await openLog(prefix);
  const [port = 0] = await freePorts(1);
  const mapper = scaledFromZero(prefix, port);
  const source = startKafkaSource({
    eventLog: log,
    topic: 'berth.events',
    brokerTopic: `${prefix}.events`,
    group: 'gateway',
    sink: mapper.sink,
  });
  const isIdle = async () => {
    const ends = Object.values(await log.ends('berth.events'));
    return source.delivered >= ends.reduce((all, end) => all + end, 0);
  };
  expect(mapper.starts()).toBe(0);
  for (const [wave, entries] of waves.entries()) {
    const half = Math.ceil(entries.length / 2);
    await log.append('berth.events', entries.slice(0, half));
    // In the middle of the second wave it is killed at work; the gateway starts it again.
    if (wave === 1) {
      const before = source.delivered;
      await expect.poll(() => source.delivered, WAIT).toBeGreaterThan(before);
      await mapper.toZero();
    }
    await log.append('berth.events', entries.slice(half));
    await untilMapped(log, (wave + 1) * NAMESPACES.length);
    await expect.poll(isIdle, WAIT).toBe(true);
    await mapper.toZero();
  }
  await source.stop();
  expect(mapper.starts()).toBe(WAVES + 1);
  expect(source.deadLetters).toEqual([]);
  const driven = blocksIn(await folded(log));

  // A native one goes on with the same log.
  await startMapper(prefix);
  await log.append('berth.events', last);
  const all = blocksIn(await untilMapped(log, (WAVES + 1) * NAMESPACES.length));
  const places = all.map(({ address, base }) => `${address}:${base}`);
  expect(new Set(places).size).toBe(places.length);

  const nativePrefix = `native-${randomUUID()}`;
  const nativeLog = await openLog(nativePrefix);
  await startMapper(nativePrefix);
  for (const entries of waves) await nativeLog.append('berth.events', entries);
  const native = blocksIn(await untilMapped(nativeLog, WAVES * NAMESPACES.length));
  // Which address a namespace gets follows from the order in which it asked among the others.
  const place = ({ pod, base }: (typeof native)[number]) => `${pod} ${base}`;
  expect(driven.map(place).toSorted()).toEqual(native.map(place).toSorted());
});
