/** The hub on a real log (LMDB) and a real gRPC server on the loopback, with agents of the test. */
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { savedWorld } from '../../test/fold/saved-world.ts';
import { simulatedLog } from '../../test/fold/simulated-log.ts';
import { createStory, type Story } from '../../test/fold/story.ts';
import { type FakeAgent, fakeAgent } from '../../test/hub/fake-agent.ts';
import { testAuthority } from '../../test/hub/test-certificates.ts';
import { readEverything } from '../../test/log-reading.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import type { AckRecord, NodeRecord } from '../contract/node-records.ts';
import { type EventRecord, eventRecord } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Host, startFunctions } from '../runtime/host.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import type { TlsFiles } from '../runtime/tls-files.ts';
import { createHub, type Hub } from './hub.ts';

const PARTITIONS = 3;
const GATEWAY_WAIT_MS = 200;
const GATEWAY = { 'berth.dev/gateway': 'true' };
const NO_JOBS = { failed: new Promise(() => undefined) } as unknown as Jobs;
const log = jsonLog({ level: 'silent' });
const clock = systemClock();
const random = systemRandom();
const NODES = ['n1', 'n2', 'n3', 'g1'];
const nodeFiles = new Map<string, TlsFiles>();

let hubFiles: TlsFiles;

let folder: TemporaryFolder;
let eventLog: EventLog;
let checkpoints: Checkpoints;
let story: Story;
let hub: Hub;
let host: Host;
let copied = 0;
let agents: FakeAgent[] = [];

/** What the story told since the last time, into the real log. */
async function tell(): Promise<void> {
  const records = story.log.events.slice(copied).map(({ record }) => record);
  copied = story.log.events.length;
  await appendEvents(records);
}

async function appendEvents(records: readonly EventRecord[]): Promise<void> {
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  await eventLog.append(TOPICS.events.name, entries);
}

async function appendNode(key: string, record: NodeRecord): Promise<void> {
  await eventLog.append(TOPICS.nodes.name, [{ key, value: { ...record } }]);
}

async function gatewayNode(node: string): Promise<void> {
  const facts = { name: node, labels: GATEWAY, addresses: [], ready: true, outOfService: false };
  await appendNode(`${node}/api`, { type: 'NodeFromApi', node, facts });
}

async function start(listen = '127.0.0.1:0'): Promise<number> {
  const certificate = async () => hubFiles;
  const init = { listen, certificate, gatewayWaitMs: GATEWAY_WAIT_MS, keepaliveMs: 100 };
  hub = await createHub(init, { eventLog, checkpoints, clock, random, log });
  host = startFunctions(hub.functions, { eventLog, jobs: NO_JOBS, clock, log });
  return hub.serving;
}

function agent(node: string, bootId?: string): FakeAgent {
  const files = nodeFiles.get(node) ?? null;
  const made = fakeAgent({ node, files, ...(bootId === undefined ? {} : { bootId }) });
  agents.push(made);
  return made;
}

function statusOf(node: string) {
  return hub.statuses().find((each) => each.node === node);
}

async function acks(node: string): Promise<AckRecord[]> {
  const entries = await readEverything(eventLog, TOPICS.acks.name);
  return entries.filter(({ key }) => key === node).map((e) => e.value as unknown as AckRecord);
}

async function releaseAcks(): Promise<EventRecord[]> {
  const entries = await readEverything(eventLog, TOPICS.events.name);
  return entries
    .map(({ value }) => value as unknown as EventRecord)
    .filter(({ body }) => body.type === 'ReleaseAcked');
}

beforeAll(async () => {
  const authority = await testAuthority();
  hubFiles = await authority.hub();
  for (const node of NODES) nodeFiles.set(node, await authority.node(node));
});

beforeEach(async () => {
  folder = await temporaryFolder();
  eventLog = await lmdbEventLog({ dir: folder.path, partitionCount: PARTITIONS }, { clock });
  checkpoints = lmdbCheckpoints({ dir: folder.path });
  story = createStory(simulatedLog(PARTITIONS));
  copied = 0;
  agents = [];
  story.pool('blue', { gatewaySelector: { matchLabels: GATEWAY, matchExpressions: [] } });
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  await tell();
});

afterEach(async () => {
  for (const each of agents) each.stop();
  await host.stop();
  await checkpoints.close();
  await eventLog.close();
  await folder.remove();
});

describe('a hub', () => {
  it('gives an agent a snapshot, then deltas, and records what it acks', async () => {
    const port = await start();
    const n1 = agent('n1');
    n1.connect(port);
    const snapshot = await n1.nextPush();
    expect(hub.converged()).toBe(false);
    n1.ack(snapshot, ['a']);
    expect([...n1.resources.keys()]).toContain('pod/a');
    await vi.waitFor(() => expect(hub.converged()).toBe(true));

    story.pod('shop', 'b');
    story.settle();
    await tell();
    n1.follow();
    await vi.waitFor(() => expect(n1.resources.has('pod/b')).toBe(true));
    expect(n1.pushes[0]).toBe('snapshot');
    expect(new Set(n1.pushes.slice(1))).toEqual(new Set(['delta']));

    await vi.waitFor(async () => expect((await acks('n1')).length).toBeGreaterThan(1));
    const [first] = await acks('n1');
    expect(first).toMatchObject({ bootId: 'boot-1', mapped: ['a'], readBackAtMs: 1 });
    expect(first?.recordsSent).toBe(snapshot.resources.length);
    const nodes = await eventLog.latest(TOPICS.nodes.name);
    expect(nodes.get('n1/agent')?.value).toMatchObject({
      underlayIp: '192.0.2.1',
      mac: '02:00:00:00:00:01',
    });
  });

  it('records mappings that came into force without a push', async () => {
    const port = await start();
    const n1 = agent('n1');
    n1.follow();
    n1.connect(port);
    await vi.waitFor(() => expect(hub.converged()).toBe(true));
    n1.say({ case: 'mapped', value: { podUids: ['a'], readBackAtMs: 7 } });
    await vi.waitFor(async () => {
      expect(await acks('n1')).toContainEqual(
        expect.objectContaining({ mapped: ['a'], readBackAtMs: 7, sentAtMs: null, recordsSent: 0 }),
      );
    });
  });

  it('turns the ack of a release into one observation, also after a restart', async () => {
    await start();
    const n1 = agent('n1');
    n1.connect(await hub.serving);
    n1.ack(await n1.nextPush());
    await vi.waitFor(() => expect(hub.converged()).toBe(true));
    story.podGone('shop', 'a');
    story.settle();
    await tell();
    // The hub dies before it hears the ack: nobody has it in the log.
    await n1.nextPush();
    await host.stop();
    n1.disconnect();
    expect(await releaseAcks()).toEqual([]);

    n1.follow();
    n1.connect(await start());
    await vi.waitFor(async () => expect(await releaseAcks()).toHaveLength(1));
    const [record] = await releaseAcks();
    const [release] = story.releases('shop');
    expect(record?.body).toMatchObject({ release: release?.id, node: 'n1' });
    await vi.waitFor(() => expect(hub.converged()).toBe(true));
    n1.disconnect();
    n1.connect(await hub.serving);
    await vi.waitFor(() => expect(statusOf('n1')).toMatchObject({ connected: true, inSync: true }));
    expect(await releaseAcks()).toHaveLength(1);
  });

  it('sends nothing but the version to an agent that has everything, after a restart', async () => {
    const n1 = agent('n1');
    n1.follow();
    n1.connect(await start());
    await vi.waitFor(() => expect(hub.converged()).toBe(true));
    await vi.waitFor(async () => {
      expect((await eventLog.latest(TOPICS.nodes.name)).has('n1/agent')).toBe(true);
    });
    await host.stop();
    n1.disconnect();
    const before = n1.pushes.length;
    const nodesBefore = await eventLog.ends(TOPICS.nodes.name);
    await appendEvents([eventRecord('ns/other', { type: 'WatchStarted', term: 't' })]);
    n1.connect(await start());
    await vi.waitFor(() => expect(statusOf('n1')).toMatchObject({ connected: true, inSync: true }));
    await vi.waitFor(() => expect(n1.pushes.slice(before)).toEqual(['delta']));
    expect(await eventLog.ends(TOPICS.nodes.name)).toEqual(nodesBefore);
  });

  it('starts from checkpoints, and has the same', async () => {
    await checkpoints.save(savedWorld(story.world));
    const n1 = agent('n1');
    n1.follow();
    n1.connect(await start());
    await vi.waitFor(() => expect(hub.converged()).toBe(true));
    expect([...n1.resources.keys()]).toContain('pod/a');
    expect(n1.version).toEqual(
      Object.fromEntries(
        Object.entries(story.world.version).map(([partition, at]) => [partition, BigInt(at)]),
      ),
    );
  });

  it('answers a refused push by a snapshot', async () => {
    const n1 = agent('n1');
    n1.connect(await start());
    n1.ack(await n1.nextPush());
    story.pod('shop', 'b');
    story.settle();
    await tell();
    const { nonce } = await n1.nextPush();
    n1.say({ case: 'nack', value: { nonce, code: 'BERTH_DATAPATH_FULL', message: 'full' } });
    n1.ack(await n1.nextPush());
    expect(n1.pushes).toEqual(['snapshot', 'delta', 'snapshot']);
  });

  it('lets a second link of a node replace the first', async () => {
    const port = await start();
    const [old, young] = [agent('n1', 'boot-1'), agent('n1', 'boot-2')];
    old.connect(port);
    await old.nextPush();
    young.connect(port);
    expect((await old.ended).code).toBe(status.ABORTED);
    young.follow();
    await vi.waitFor(() => expect(hub.converged()).toBe(true));
    await vi.waitFor(async () => {
      const nodes = await eventLog.latest(TOPICS.nodes.name);
      expect(nodes.get('n1/agent')?.value).toMatchObject({ bootId: 'boot-2' });
    });
  });

  it('ends a link on which something comes that it cannot take, and no other', async () => {
    const port = await start();
    const [good, bad, bootless] = [agent('n1'), agent('n2'), agent('n3', '')];
    for (const each of [good, bad]) each.follow();
    good.connect(port);
    bad.connect(port);
    bootless.connect(port);
    expect(await bootless.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('BERTH_LINK_BAD_MESSAGE'),
    });
    await vi.waitFor(() => expect(statusOf('n2')).toMatchObject({ inSync: true }));
    bad.say({ case: 'hello', value: { node: 'n2' } });
    expect((await bad.ended).code).toBe(status.INVALID_ARGUMENT);
    await vi.waitFor(() => expect(statusOf('n2')).toMatchObject({ connected: false }));
    expect(statusOf('n1')).toMatchObject({ connected: true });
  });

  it('sees a half-dead link, whose bytes go nowhere, by its keepalive', async () => {
    const port = await start();
    const sockets: Socket[] = [];
    const proxy = createServer((near) => {
      const far = openSocket(port, '127.0.0.1');
      sockets.push(near, far);
      for (const each of [near, far]) each.on('error', () => undefined);
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const n1 = agent('n1');
    n1.follow();
    n1.connect((proxy.address() as { port: number }).port);
    await vi.waitFor(() => expect(statusOf('n1')).toMatchObject({ connected: true, inSync: true }));
    for (const socket of sockets) socket.unpipe().pause();
    await vi.waitFor(() => expect(statusOf('n1')).toMatchObject({ connected: false }), 10_000);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
});

describe('a question for the gateways', () => {
  const question = (version: Readonly<Record<number, bigint>>) =>
    ({ case: 'awaitGateways', value: { id: 1n, version: { offsets: version } } }) as const;

  it('is answered when every gateway has acked what came with the version', async () => {
    await gatewayNode('g1');
    const port = await start();
    const [n1, g1] = [agent('n1'), agent('g1')];
    g1.connect(port);
    const snapshot = await g1.nextPush();
    n1.follow();
    n1.connect(port);
    await vi.waitFor(() => expect(n1.resources.has('pod/a')).toBe(true));
    n1.say(question(n1.version));
    g1.ack(snapshot);
    g1.follow();
    expect(await n1.gatewaysAt(1n)).toBe(true);
    expect([...g1.resources.keys()]).toContain('block/203.0.113.16/16384');
  });

  it('is answered with no after the bound, while a gateway is away', async () => {
    await gatewayNode('g1');
    const n1 = agent('n1');
    n1.follow();
    n1.connect(await start());
    await vi.waitFor(() => expect(n1.resources.has('pod/a')).toBe(true));
    n1.say(question(n1.version));
    expect(await n1.gatewaysAt(1n)).toBe(false);
  });
});
