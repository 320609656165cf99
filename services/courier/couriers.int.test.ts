/**
 * Several couriers on one Redis: they share the targets, one that is killed costs time only, and
 * what Redis loses is asked for again from the log.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ServedAcl, serveAcl, TEST_KEY } from '../../infra/acl-server/testing/served-acl.ts';
import { noRedis } from '../../infra/redis/binary.ts';
import { type Redis, startRedis } from '../../infra/redis/redis.ts';
import { COURIER_UNTIL_KILLED } from '../../test/crash/courier-until-killed.ts';
import { type CrashingProcess, startCrashing } from '../../test/crash/crashing-process.ts';
import { createStory, type Story } from '../../test/fold/story.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { createWorld, type World } from '../aggregates/world.ts';
import { parseIp } from '../contract/ip-address.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import type { WebhookSpec } from '../contract/objects.ts';
import { TOPICS } from '../contract/topics.ts';
import { createMapper } from '../mapper/mapper.ts';
import { webhookDriver } from '../ports/acl-driver/webhook.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { bullmqJobs } from '../ports/jobs/bullmq.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import { hear } from '../runtime/channels.ts';
import { systemClock } from '../runtime/clock.ts';
import { startFunctions } from '../runtime/host.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { type Courier, type CourierInit, createCourier } from './courier.ts';
import { AGAIN_QUEUE, PUSH_QUEUE, READ_BACK_QUEUE } from './queues.ts';

const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ level: 'silent' });
const secrets = { read: async () => TEST_KEY };
const LOCK_MS = 1_500;

let folder: TemporaryFolder;
let redis: Redis;
let story: Story;
let told: number;
let eventLog: EventLog;
let world: World;
let child: CrashingProcess | null;
const endings: (() => unknown)[] = [];

beforeEach(async (ctx) => {
  ctx.skip(noRedis !== null, noRedis ?? '');
  folder = await temporaryFolder();
  redis = await startRedis();
  story = createStory();
  told = 0;
  child = null;
  world = createWorld();
  eventLog = await openLog(join(folder.path, 'log'));
});
afterEach(async () => {
  await child?.kill();
  for (const end of endings.splice(0).reverse()) await end();
  await redis?.stop();
  await folder?.remove();
});

async function openLog(dir: string): Promise<EventLog> {
  const opened = await lmdbEventLog({ dir }, { clock });
  endings.push(() => opened.close());
  return opened;
}

async function openJobs(): Promise<Jobs> {
  const jobs = await bullmqJobs({ url: redis.url, lockMs: LOCK_MS }, { clock, random, log });
  endings.push(() => jobs.close());
  return jobs;
}

async function startCourier(init: CourierInit = {}, read = eventLog): Promise<Courier> {
  const jobs = await openJobs();
  const checkpoints = await lmdbCheckpoints({ dir: join(folder.path, random.id()) });
  const components = { eventLog: read, checkpoints, jobs, clock, random, log };
  const courier = await createCourier(init, {
    ...components,
    connect: (target, spec) => webhookDriver({ target, spec }, { secrets, clock, random }),
  });
  const host = startFunctions(courier.functions, components);
  endings.push(async () => {
    await host.stop();
    await checkpoints.close();
  });
  return courier;
}

/** And whoever folds what it says. */
async function startMapper(): Promise<void> {
  const jobs = await openJobs();
  const checkpoints = await lmdbCheckpoints({ dir: join(folder.path, 'mapper') });
  const components = { eventLog, checkpoints, jobs, clock, log };
  const host = startFunctions([...createMapper({}, components).functions], components);
  const reading = new AbortController();
  const folding = (async () => {
    for await (const batch of eventLog.read(TOPICS.events.name, {}, reading.signal)) {
      for (const entry of batch) world.apply(loggedEvent(entry));
    }
  })();
  endings.push(async () => {
    await host.stop();
    reading.abort();
    await folding;
    await checkpoints.close();
  });
}

async function tell(into = eventLog): Promise<void> {
  const records = story.log.events.slice(told).map(({ record }) => record);
  if (into === eventLog) told = story.log.events.length;
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  await into.append(TOPICS.events.name, entries);
}

interface Server {
  readonly url: string;
  readonly served: ServedAcl;
  /** Answers instead, while there is one. */
  instead: RequestListener | null;
  /** Requests at once, at most. */
  most: number;
}

async function serve(target: string): Promise<Server> {
  const served = await serveAcl(target);
  endings.push(() => served.close());
  let inside = 0;
  const front = createServer((request, response) => {
    inside += 1;
    server.most = Math.max(server.most, inside);
    response.on('close', () => {
      inside -= 1;
    });
    if (server.instead !== null) server.instead(request, response);
    else served.server.emit('request', request, response);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  endings.push(() => {
    front.closeAllConnections();
    front.close();
  });
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
  const server: Server = { url, served, instead: null, most: 0 };
  return server;
}

const fail: RequestListener = (_, response) => response.writeHead(500).end();

function webhook(url: string): WebhookSpec {
  return { type: 'Webhook', url, secretRef: { name: 'key' }, caRef: null, timeoutSeconds: 60 };
}

function user(namespace: string, target: string): void {
  story.egressNat(namespace, 'checkout', { targets: [target] });
  story.pod(namespace, `${namespace}-a`);
}

const isMapped = (namespace: string): boolean =>
  [...(world.namespace(namespace)?.pods.values() ?? [])].some((pod) => pod.berths.size > 0);
const soon = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 30_000, interval: 20 });

async function serveUsers(count: number): Promise<Server[]> {
  story.pool('blue', { addresses: ['203.0.113.64/28' as never] });
  const servers: Server[] = [];
  for (let at = 0; at < count; at++) {
    const server = await serve(`target-${at}`);
    servers.push(server);
    story.target(`target-${at}`, { driver: webhook(server.url) });
    user(`ns-${at}`, `target-${at}`);
  }
  return servers;
}

const namespaces = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `ns-${from + at}`);
const allMapped = (names: readonly string[]): Promise<void> =>
  soon(() => expect(names.filter((name) => !isMapped(name))).toEqual([]));

test('two couriers share the targets, and those that fail are tried on by both', async () => {
  const servers = await serveUsers(8);
  for (const server of servers.slice(0, 3)) server.instead = fail;
  await startMapper();
  const couriers = [await startCourier(), await startCourier()];
  await tell();
  await allMapped(namespaces(3, 8));
  const jobs = await openJobs();
  await soon(async () => expect(await jobs.pending(AGAIN_QUEUE)).toBe(3));
  // One a target, however many couriers there are.
  expect(await jobs.pending(READ_BACK_QUEUE)).toBe(8);
  for (const server of servers) server.instead = null;
  await allMapped(namespaces(0, 8));
  await soon(async () => {
    expect([await jobs.pending(AGAIN_QUEUE), await jobs.pending(PUSH_QUEUE)]).toEqual([0, 0]);
  });
  expect(servers.map(({ most }) => most)).toEqual(servers.map(() => 1));
  const codes = couriers.flatMap((courier) => courier.statuses().map(({ code }) => code));
  expect(codes.filter((code) => code !== null)).toEqual([]);
});

test('what a courier was killed in the middle of is done by another', async () => {
  const [server] = await serveUsers(1);
  if (server === undefined) return;
  await startMapper();
  await tell();
  await soon(() => expect(world.target('target-0' as never)?.revision).toBeGreaterThan(0));
  // Its own copy of the log, since two processes cannot have one folder.
  const copyDir = join(folder.path, 'copy');
  const copy = await lmdbEventLog({ dir: copyDir }, { clock });
  for await (const batch of eventLog.read(TOPICS.events.name, {}, AbortSignal.timeout(1_000))) {
    await copy.append(
      TOPICS.events.name,
      batch.flatMap(({ key, value }) => (value === null ? [] : { key, value })),
    );
  }
  await copy.close();
  const { promise: isPushed, resolve: pushed } = Promise.withResolvers<void>();
  server.instead = (request, response) => {
    if (request.method === 'PUT') pushed();
    else server.served.server.emit('request', request, response);
  };
  child = startCrashing(COURIER_UNTIL_KILLED, [copyDir, redis.url, `${LOCK_MS}`]);
  await child.linesWritten(1);
  await isPushed;
  await child.kill();
  server.instead = null;
  await startCourier();
  await allMapped(['ns-0']);
  expect(server.served.addresses).toEqual(['203.0.113.64']);
});

test('a target that asks for time is given it, whichever courier heard that', async () => {
  const [server] = await serveUsers(1);
  if (server === undefined) return;
  const askedAtMs: number[] = [];
  server.instead = (_, response) => {
    askedAtMs.push(clock.nowMs());
    response.writeHead(503, { 'retry-after': '2' }).end();
  };
  await startMapper();
  for (let at = 0; at < 2; at++) await startCourier({ sweepEveryMs: 100 });
  await tell();
  await soon(() => expect(askedAtMs.length).toBe(3));
  server.instead = null;
  const [first = 0, second = 0, third = 0] = askedAtMs;
  expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(2_000);
  await allMapped(['ns-0']);
});

test('after Redis was wiped pushes and read-backs are there again', async () => {
  const servers = await serveUsers(3);
  const [first, second] = servers;
  if (first === undefined || second === undefined) return;
  first.instead = fail;
  await startMapper();
  for (let at = 0; at < 2; at++) await startCourier({ readBackEveryMs: 500, sweepEveryMs: 300 });
  await tell();
  await allMapped(namespaces(1, 3));
  const wanted = second.served.addresses;
  await redis.command('FLUSHALL');
  first.instead = null;
  second.served.addresses = [parseIp('192.0.2.1')];
  await allMapped(namespaces(0, 3));
  await soon(() => expect(second.served.addresses).toEqual(wanted));
});

test('who has not read the log takes no job, and who is behind hands it on', async () => {
  const [server] = await serveUsers(1);
  if (server === undefined) return;
  await tell();
  const { promise: mayRead, resolve: letRead } = Promise.withResolvers<void>();
  const slow: EventLog = {
    ...eventLog,
    async *read(topic, from, signal, partitions) {
      await mayRead;
      yield* eventLog.read(topic, from, signal, partitions);
    },
  };
  const jobs = await openJobs();
  await startCourier({}, slow);
  const wish = { revision: 0, spec: '' };
  await jobs.add(PUSH_QUEUE, [{ id: 'target-0', data: wish }]);
  // Whoever took jobs would have by then.
  const { promise: later, resolve } = Promise.withResolvers<void>();
  jobs.work('later', async () => resolve());
  await jobs.add('later', [{ id: 'later', data: null, delayMs: 500 }]);
  await later;
  expect(await jobs.held(PUSH_QUEUE, 'target-0')).toEqual({ data: wish });
  const codes = codesOfRuns();
  letRead();
  await soon(async () => expect(await jobs.pending(PUSH_QUEUE)).toBe(0));
  expect(codes).toEqual([]);
  const unread = { revision: Number.MAX_SAFE_INTEGER, spec: '' };
  await jobs.add(PUSH_QUEUE, [{ id: 'target-0', data: unread }]);
  await soon(() => expect(codes).toContain('BERTH_COURIER_BEHIND'));
  expect(await jobs.held(PUSH_QUEUE, 'target-0')).toEqual({ data: unread });
});

/** The codes of runs that failed, from now on. */
function codesOfRuns(): readonly string[] {
  const codes: string[] = [];
  hear('berth:jobs:run-ended', ({ code }) => {
    if (code !== null) codes.push(code);
  });
  return codes;
}
