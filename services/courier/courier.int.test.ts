/**
 * The courier on real adapters beside a real mapper, with real ACL servers on loopback: an address
 * is used when its target says so; servers that misbehave cost the others nothing.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ServedAcl, serveAcl, TEST_KEY } from '../../infra/acl-server/testing/served-acl.ts';
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
import { localJobs } from '../ports/jobs/local.ts';
import { systemClock } from '../runtime/clock.ts';
import { startFunctions } from '../runtime/host.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { type Courier, createCourier } from './courier.ts';

const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ level: 'silent' });
const secrets = { read: async () => TEST_KEY };

let folder: TemporaryFolder;
let story: Story;
let told = 0;
let world: World;
let eventLog: EventLog;
let courier: Courier;
let stop: () => Promise<void> = async () => undefined;
const servers: { close(): unknown }[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
  story = createStory();
  told = 0;
});
afterEach(async () => {
  await stop();
  for (const server of servers.splice(0)) await server.close();
  await folder.remove();
});

async function start(readBackEveryMs = 60_000): Promise<void> {
  const dir = folder.path;
  eventLog = await lmdbEventLog({ dir }, { clock });
  const checkpoints = await lmdbCheckpoints({ dir });
  const jobs = await localJobs({ dir }, { clock, random, log });
  const components = { eventLog, checkpoints, jobs, clock, random, log };
  courier = await createCourier(
    { readBackEveryMs },
    {
      ...components,
      connect: (target, spec) => webhookDriver({ target, spec }, { secrets, clock, random }),
    },
  );
  const functions = [...createMapper({}, components).functions, ...courier.functions];
  const host = startFunctions(functions, components);
  const reading = new AbortController();
  world = createWorld();
  const folding = (async () => {
    for await (const batch of eventLog.read(TOPICS.events.name, {}, reading.signal)) {
      for (const entry of batch) world.apply(loggedEvent(entry));
    }
  })();
  stop = async () => {
    await host.stop();
    reading.abort();
    await folding;
    await jobs.close();
    await checkpoints.close();
    await eventLog.close();
  };
}

async function tell(): Promise<void> {
  const records = story.log.events.slice(told).map(({ record }) => record);
  told = story.log.events.length;
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  await eventLog.append(TOPICS.events.name, entries);
}

function webhook(url: string, timeoutSeconds = 60): WebhookSpec {
  return { type: 'Webhook', url, secretRef: { name: 'key' }, caRef: null, timeoutSeconds };
}

async function good(target: string): Promise<ServedAcl> {
  const served = await serveAcl(target);
  servers.push(served);
  return served;
}

/** Answers as it is told to at the moment. */
async function bad(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

/** A namespace with a pod and an EgressNat to one target. */
function user(namespace: string, target: string): void {
  story.egressNat(namespace, 'checkout', { targets: [target] });
  story.pod(namespace, `${namespace}-a`);
}

const isMapped = (namespace: string): boolean =>
  [...(world.namespace(namespace)?.pods.values() ?? [])].every((pod) => pod.berths.size > 0);
const codeOf = (target: string) =>
  courier.statuses().find((status) => status.target === target)?.code;
const reports = (target: string): number => world.target(target)?.reports ?? 0;
const soon = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('a target that behaves', () => {
  test('is written to, and what it says is in force is used', async () => {
    const served = await good('orders-db');
    await start();
    story.pool('blue');
    story.target('orders-db', { driver: webhook(served.url) });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(world.namespace('shop') && isMapped('shop')).toBe(true));
    expect(served.addresses).toEqual(['203.0.113.16']);
    expect(served.revision).toBe(world.target('orders-db')?.revision);
    expect(codeOf('orders-db')).toBeNull();
  });

  test('and that others change is written again, and pods keep what they have', async () => {
    const served = await good('orders-db');
    await start(50);
    story.pool('blue');
    story.target('orders-db', { driver: webhook(served.url) });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(world.namespace('shop') && isMapped('shop')).toBe(true));
    served.addresses = [parseIp('192.0.2.1')];
    await soon(() => expect(served.addresses).toEqual(['203.0.113.16']));
    await soon(() => expect(reports('orders-db')).toBe(3));
    expect(isMapped('shop')).toBe(true);
  });

  test('has nothing more to say after a restart', async () => {
    const served = await good('orders-db');
    await start(20);
    story.pool('blue');
    story.target('orders-db', { driver: webhook(served.url) });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(world.namespace('shop') && isMapped('shop')).toBe(true));
    const before = reports('orders-db');
    await stop();
    await start(20);
    await soon(() => expect(courier.statuses()[0]?.readBackAtMs).toBeGreaterThan(0));
    expect(reports('orders-db')).toBe(before);
  });

  test('is told nothing before anybody wants in', async () => {
    let requests = 0;
    const { url } = await bad((_, response) => {
      requests += 1;
      response.end();
    });
    await start(20);
    story.target('idle', { driver: webhook(url) });
    const served = await good('orders-db');
    story.pool('blue');
    story.target('orders-db', { driver: webhook(served.url) });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(world.namespace('shop') && isMapped('shop')).toBe(true));
    expect(requests).toBe(0);
  });
});

describe('a target that misbehaves', () => {
  test('costs another nothing, and is in line when it heals', async () => {
    const behind = await good('bank');
    let broken: RequestListener | null = (_, response) => response.writeHead(500).end();
    const { url } = await bad((request, response) => {
      if (broken !== null) broken(request, response);
      else behind.server.emit('request', request, response);
    });
    const served = await good('orders-db');
    await start();
    story.pool('blue');
    story.target('bank', { driver: webhook(url) });
    user('pay', 'bank');
    await tell();
    await soon(() => expect(codeOf('bank')).toBe('BERTH_ACL_STATUS'));
    story.target('orders-db', { driver: webhook(served.url) });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(world.namespace('shop') && isMapped('shop')).toBe(true));
    expect(isMapped('pay')).toBe(false);
    broken = null;
    await soon(() => expect(isMapped('pay')).toBe(true));
    expect(codeOf('bank')).toBeNull();
  });

  test('by hanging holds up nobody', async () => {
    const { url } = await bad(() => undefined);
    const served = await good('orders-db');
    await start();
    story.pool('blue');
    for (let at = 0; at < 20; at++) {
      story.target(`slow-${at}`, { driver: webhook(url, 60) });
      user(`ns-${at}`, `slow-${at}`);
    }
    await tell();
    story.target('orders-db', { driver: webhook(served.url) });
    story.pool('green', { addresses: ['203.0.113.64/30' as never] });
    story.egressNat('shop', 'checkout', { pool: 'green' });
    story.pod('shop', 'a');
    await tell();
    await soon(() => expect(world.namespace('shop') && isMapped('shop')).toBe(true));
  });

  test('by lying is not believed, and told as such', async () => {
    const { url } = await bad((request, response) => {
      const state = world.target('orders-db');
      const said = { target: 'orders-db', revision: state?.revision, addresses: [] };
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' });
      response.end(JSON.stringify(said));
    });
    await start();
    story.pool('blue');
    story.target('orders-db', { driver: webhook(url) });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(codeOf('orders-db')).toBe('BERTH_ACL_NOT_IN_FORCE'));
    expect(isMapped('shop')).toBe(false);
    expect(reports('orders-db')).toBe(1);
  });

  test('is tried at once when its AclTarget is corrected', async () => {
    const served = await good('orders-db');
    await start();
    story.pool('blue');
    story.target('orders-db', { driver: webhook('http://127.0.0.1:1/') });
    user('shop', 'orders-db');
    await tell();
    await soon(() => expect(codeOf('orders-db')).toBe('BERTH_ACL_UNREACHABLE'));
    story.target('orders-db', { driver: webhook(served.url) });
    await tell();
    await soon(() => expect(isMapped('shop')).toBe(true));
  });
});
