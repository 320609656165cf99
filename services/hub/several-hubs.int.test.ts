/**
 * Two hubs, each with a certificate of its own, on one real log (LMDB), and real links: any of
 * them serves any node, and what one knows only from an agent the other learns from the log.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { simulatedLog } from '../../test/fold/simulated-log.ts';
import { createStory, type Story } from '../../test/fold/story.ts';
import { type FakeAgent, fakeAgent } from '../../test/hub/fake-agent.ts';
import { type TestAuthority, testAuthority } from '../../test/hub/test-certificates.ts';
import { readEverything } from '../../test/log-reading.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import type { EventRecord } from '../contract/records.ts';
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
import { createHub, type Hub } from './hub.ts';

const PARTITIONS = 3;
/** Never waited for: an answer that comes only then is a failure. */
const GATEWAY_WAIT_MS = 60_000;
const GATEWAY = { 'berth.dev/gateway': 'true' };
const log = jsonLog({ level: 'silent' });
const clock = systemClock();
const random = systemRandom();

interface Running {
  readonly hub: Hub;
  readonly host: Host;
  readonly port: number;
}

let authority: TestAuthority;
let folder: TemporaryFolder;
let eventLog: EventLog;
let checkpoints: Checkpoints;
let story: Story;
let copied = 0;
let hubs: Running[] = [];
let agents: FakeAgent[] = [];

async function tell(): Promise<void> {
  const records = story.log.events.slice(copied).map(({ record }) => record);
  copied = story.log.events.length;
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  await eventLog.append(TOPICS.events.name, entries);
}

async function startHub(): Promise<Running> {
  const files = await authority.hub();
  const hub = await createHub(
    {
      listen: '127.0.0.1:0',
      certificate: async () => files,
      gatewayWaitMs: GATEWAY_WAIT_MS,
      keepaliveMs: 100,
    },
    { eventLog, checkpoints, clock, random, log },
  );
  const jobs = { failed: new Promise(() => undefined) } as unknown as Jobs;
  const host = startFunctions(hub.functions, { eventLog, jobs, clock, log });
  const running = { hub, host, port: await hub.serving };
  hubs.push(running);
  return running;
}

async function agent(node: string): Promise<FakeAgent> {
  const made = fakeAgent({ node, files: await authority.node(node) });
  agents.push(made);
  return made;
}

function inSync({ hub }: Running, node: string): boolean | undefined {
  const status = hub.statuses().find((each) => each.node === node);
  return status?.connected === true && status.inSync;
}

async function releaseAcks(): Promise<EventRecord[]> {
  const entries = await readEverything(eventLog, TOPICS.events.name);
  return entries
    .map(({ value }) => value as unknown as EventRecord)
    .filter(({ body }) => body.type === 'ReleaseAcked');
}

beforeAll(async () => {
  authority = await testAuthority();
});

beforeEach(async () => {
  folder = await temporaryFolder();
  eventLog = await lmdbEventLog({ dir: folder.path, partitionCount: PARTITIONS }, { clock });
  checkpoints = lmdbCheckpoints({ dir: folder.path });
  story = createStory(simulatedLog(PARTITIONS));
  copied = 0;
  hubs = [];
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
  for (const { host } of hubs) await host.stop();
  await checkpoints.close();
  await eventLog.close();
  await folder.remove();
});

describe('of two hubs', () => {
  it('the other goes on where the first left a node, without a snapshot', async () => {
    const [one, other] = [await startHub(), await startHub()];
    const n1 = await agent('n1');
    n1.follow();
    n1.connect(one.port);
    await vi.waitFor(() => expect(inSync(one, 'n1')).toBe(true));
    n1.disconnect();
    await one.host.stop();
    const before = n1.pushes.length;
    n1.connect(other.port);
    await vi.waitFor(() => expect(inSync(other, 'n1')).toBe(true));
    expect(n1.pushes.slice(before)).toEqual([]);

    story.pod('shop', 'b');
    story.settle();
    await tell();
    await vi.waitFor(() => expect(n1.resources.has('pod/b')).toBe(true));
    expect(n1.pushes.slice(before)).not.toContain('snapshot');
  });

  it('each answers for the gateways of the other, by what they acked', async () => {
    const facts = { name: 'g1', labels: GATEWAY, addresses: [], ready: true, outOfService: false };
    const value = { type: 'NodeFromApi', node: 'g1', facts };
    await eventLog.append(TOPICS.nodes.name, [{ key: 'g1/api', value }]);
    const [one, other] = [await startHub(), await startHub()];
    const [n1, g1] = [await agent('n1'), await agent('g1')];
    n1.follow();
    n1.connect(one.port);
    g1.connect(other.port);
    const snapshot = await g1.nextPush();
    await vi.waitFor(() => expect(n1.resources.has('pod/a')).toBe(true));
    const version = { offsets: n1.version };
    n1.say({ case: 'awaitGateways', value: { id: 1n, version } });
    g1.ack(snapshot);
    g1.follow();
    expect(await n1.gatewaysAt(1n)).toBe(true);
  });

  it('the one that a node left learns from the log that a release was acked', async () => {
    const [one, other] = [await startHub(), await startHub()];
    const n1 = await agent('n1');
    n1.follow();
    n1.connect(one.port);
    await vi.waitFor(() => expect(inSync(one, 'n1')).toBe(true));
    n1.disconnect();
    story.podGone('shop', 'a');
    story.settle();
    await tell();
    n1.connect(other.port);
    await vi.waitFor(async () => expect(await releaseAcks()).toHaveLength(1));
    n1.disconnect();
    n1.connect(one.port);
    await vi.waitFor(() => expect(inSync(one, 'n1')).toBe(true));
    expect(await releaseAcks()).toHaveLength(1);
  });
});
