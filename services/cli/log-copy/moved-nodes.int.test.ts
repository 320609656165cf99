/**
 * Nodes over a move of the log: real hubs on real logs, before and after. A node goes on from what
 * it has, keeps acking its releases, and never takes an older log for the next one.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { simulatedLog } from '../../../test/fold/simulated-log.ts';
import { createStory, type Story } from '../../../test/fold/story.ts';
import { type FakeAgent, fakeAgent } from '../../../test/hub/fake-agent.ts';
import { type TestAuthority, testAuthority } from '../../../test/hub/test-certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import type { EventRecord } from '../../contract/records.ts';
import { TOPICS } from '../../contract/topics.ts';
import { createHub, type Hub } from '../../hub/hub.ts';
import { lmdbCheckpoints } from '../../ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import type { Jobs } from '../../ports/jobs/port.ts';
import { systemClock } from '../../runtime/clock.ts';
import { startFunctions } from '../../runtime/host.ts';
import { jsonLog } from '../../runtime/log.ts';
import { systemRandom } from '../../runtime/random.ts';
import { copyLog } from './copy-log.ts';
import { readAll } from './log-reading.ts';

const EVENTS = TOPICS.events.name;
const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ level: 'silent' });

interface Running {
  readonly hub: Hub;
  readonly eventLog: EventLog;
  stop(): Promise<void>;
}

let authority: TestAuthority;
let folder: TemporaryFolder;
let running: Set<Running>;
let n1: FakeAgent;
let story: Story;
let told: number;

beforeEach(async () => {
  authority = await testAuthority();
  folder = await temporaryFolder();
  running = new Set();
  n1 = fakeAgent({ node: 'n1', files: await authority.node('n1') });
  n1.follow();
  story = createStory(simulatedLog(3));
  told = 0;
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  for (const pod of ['a', 'b']) story.pod('shop', pod);
  story.settle();
});

afterEach(async () => {
  n1.stop();
  for (const each of [...running]) await each.stop();
  await folder.remove();
});

async function startHub(name: string, partitionCount: number): Promise<Running> {
  const dir = join(folder.path, name);
  const eventLog = await lmdbEventLog({ dir, partitionCount }, { clock });
  const checkpoints = lmdbCheckpoints({ dir });
  const files = await authority.hub();
  const certificate = async () => files;
  const init = { listen: '127.0.0.1:0', certificate };
  const hub = await createHub(init, { eventLog, checkpoints, clock, random, log });
  const jobs = { failed: new Promise(() => undefined) } as unknown as Jobs;
  const host = startFunctions(hub.functions, { eventLog, jobs, clock, log });
  const one: Running = {
    hub,
    eventLog,
    async stop() {
      running.delete(one);
      await host.stop();
      await checkpoints.close();
      await eventLog.close();
    },
  };
  running.add(one);
  return one;
}

async function move(from: string, to: string, partitionCount: number): Promise<void> {
  const source = await lmdbEventLog({ dir: join(folder.path, from) }, { clock });
  const target = await lmdbEventLog({ dir: join(folder.path, to), partitionCount }, { clock });
  await copyLog({ source, target, from: 'here', place: to });
  await source.close();
  await target.close();
}

/** What the story told since the last time. */
async function tell({ eventLog }: Running): Promise<void> {
  const news = story.log.events.slice(told);
  told = story.log.events.length;
  const entries = news.map(({ record }) => ({ key: record.aggregate, value: { ...record } }));
  await eventLog.append(EVENTS, entries);
}

const inSync = ({ hub }: Running): boolean =>
  hub.statuses().some(({ node, connected, inSync: is }) => node === 'n1' && connected && is);

async function acksOf({ eventLog }: Running): Promise<EventRecord[]> {
  const entries = readAll(eventLog, EVENTS, {}, await eventLog.ends(EVENTS));
  const records = await Array.fromAsync(entries, ({ value }) => value as unknown as EventRecord);
  return records.filter(({ body }) => body.type === 'ReleaseAcked');
}

/** Linked to a hub of the old log until it has everything; then that hub is stopped. */
async function served(name: string): Promise<void> {
  const old = await startHub(name, 3);
  await tell(old);
  n1.connect(await old.hub.serving);
  await vi.waitFor(() => expect(n1.resources.has('pod/b')).toBe(true));
  await vi.waitFor(() => expect(inSync(old)).toBe(true));
  n1.disconnect();
  await old.stop();
}

describe('a node', () => {
  it.each([1, 3, 7])('goes on from what it has, in a log of %i partitions', async (partitions) => {
    await served('old');
    await move('old', 'new', partitions);
    const before = n1.pushes.length;
    const next = await startHub('new', partitions);
    n1.connect(await next.hub.serving);
    await vi.waitFor(() => expect(n1.generation).toBe(1n));
    await vi.waitFor(() => expect(inSync(next)).toBe(true));
    expect(n1.pushes.slice(before)).toEqual(['delta']);

    story.podGone('shop', 'a');
    story.pod('shop', 'c');
    story.settle();
    await tell(next);
    await vi.waitFor(() => expect(n1.resources.has('pod/c')).toBe(true));
    await vi.waitFor(async () => expect(await acksOf(next)).toHaveLength(1));
    const [release] = story.releases('shop');
    expect((await acksOf(next))[0]?.body).toMatchObject({
      release: release?.id,
      version: { generation: 1 },
    });
  });

  it('acks in the new log what was released in the old one and never acked there', async () => {
    await served('old');
    const old = await startHub('old', 3);
    story.podGone('shop', 'a');
    story.settle();
    await tell(old);
    await old.stop();
    await move('old', 'new', 5);
    const next = await startHub('new', 5);
    expect(await acksOf(next)).toEqual([]);
    n1.connect(await next.hub.serving);
    await vi.waitFor(async () => expect(await acksOf(next)).toHaveLength(1));
    expect(n1.resources.has('pod/a')).toBe(false);
  });

  it('takes nothing of a log that was moved from a backup older than what it has', async () => {
    const first = await startHub('old', 3);
    await tell(first);
    await first.stop();
    await cp(join(folder.path, 'old'), join(folder.path, 'backup'), { recursive: true });
    const old = await startHub('old', 3);
    story.podGone('shop', 'a');
    story.settle();
    await tell(old);
    await old.stop();
    await served('old');
    await move('backup', 'wrong', 3);
    const wrong = await startHub('wrong', 3);
    const before = n1.pushes.length;
    n1.connect(await wrong.hub.serving);
    await vi.waitFor(() => expect(wrong.hub.statuses()).toMatchObject([{ connected: true }]));
    // Of the right log it takes everything, and until then it was pushed nothing.
    await move('old', 'right', 2);
    const right = await startHub('right', 2);
    expect(n1.pushes.length).toBe(before);
    n1.disconnect();
    n1.connect(await right.hub.serving);
    await vi.waitFor(() => expect(inSync(right)).toBe(true));
    expect(n1.pushes.slice(before)).toEqual(['delta']);
    expect(n1.resources.has('pod/a')).toBe(false);
  });

  it('is pushed nothing from the old log, which a hub reads that was left behind', async () => {
    await served('old');
    await cp(join(folder.path, 'old'), join(folder.path, 'left'), { recursive: true });
    await move('old', 'new', 3);
    const next = await startHub('new', 3);
    n1.connect(await next.hub.serving);
    await vi.waitFor(() => expect(n1.generation).toBe(1n));
    n1.disconnect();
    const left = await startHub('left', 3);
    story.pod('shop', 'late');
    story.settle();
    const before = n1.pushes.length;
    n1.connect(await left.hub.serving);
    await vi.waitFor(() => expect(left.hub.statuses()).toMatchObject([{ connected: true }]));
    await tell(left);
    await vi.waitFor(() => expect(left.hub.statuses()).toMatchObject([{ inSync: false }]));
    expect(n1.pushes.length).toBe(before);
    expect(n1.resources.has('pod/late')).toBe(false);
  });
});
