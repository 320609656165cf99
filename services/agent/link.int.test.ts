/** The agent's side of the link, against a real gRPC server on the loopback. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAuthority, testAuthority } from '../../test/hub/test-certificates.ts';
import { parseIp } from '../contract/ip-address.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { type FakeHub, startFakeHub } from './fake-hub-fixtures.ts';
import { createLink, type Link, type LinkInit } from './link.ts';
import { macBytes, snapshotPush } from './link-fixtures.ts';
import type { LinkedNode, PushAnswer } from './linked-node.ts';

let authority: TestAuthority;
let hub: FakeHub;
let stop: AbortController;
let running: Promise<void> | undefined;

beforeAll(async () => {
  authority = await testAuthority();
});

beforeEach(async () => {
  hub = await startFakeHub(await authority.hub());
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await running;
  await hub.stop();
});

const ACK: PushAnswer = {
  kind: 'ack',
  version: { 0: 7 },
  checksum: 5n,
  readBackAtMs: 1,
  mapped: [],
};

function linked(
  node: Partial<LinkedNode> = {},
  backoff: Partial<LinkInit> = {},
  clock: Clock = systemClock(),
): Link {
  const link = createLink(
    {
      hubs: [hub.address],
      certificate: () => authority.node('node-1'),
      self: {
        node: 'node-1',
        bootId: 'boot-1',
        underlayIp: parseIp('10.0.0.1'),
        mac: macBytes('02:00:00:00:00:01'),
      },
      backoffFirstMs: 5,
      backoffMaxMs: 20,
      keepaliveMs: 100,
      keepaliveTimeoutMs: 100,
      connectTimeoutMs: 200,
      ...backoff,
    },
    {
      clock,
      random: systemRandom(),
      log: jsonLog({ level: 'silent' }),
      node: { held: () => ({ version: { 0: 6 }, checksum: 4n }), push: async () => ACK, ...node },
    },
  );
  running = link.run(stop.signal);
  return link;
}

describe('the link to the hub', () => {
  it('opens with what the node has', async () => {
    linked();
    expect(await hub.hear('hello')).toMatchObject({
      node: 'node-1',
      bootId: 'boot-1',
      version: { offsets: { 0: 6n } },
      checksum: 4n,
    });
  });

  it('answers a push with an ack once the node has it', async () => {
    const done = Promise.withResolvers<PushAnswer>();
    linked({ push: () => done.promise });
    await hub.hear('hello');
    hub.push(snapshotPush(new Map(), { 0: 7 }, 3));
    done.resolve({ ...ACK, mapped: ['a'] } as PushAnswer);
    expect(await hub.hear('ack')).toMatchObject({
      nonce: 3n,
      version: { offsets: { 0: 7n } },
      checksum: 5n,
      readBackAtMs: 1,
      mappedPodUids: ['a'],
    });
  });

  it('answers a refused push with its code', async () => {
    linked({ push: async () => ({ kind: 'nack', code: 'BERTH_AGENT_BEHIND', message: 'older' }) });
    await hub.hear('hello');
    hub.push(snapshotPush(new Map(), { 0: 1 }, 4));
    expect(await hub.hear('nack')).toMatchObject({ nonce: 4n, code: 'BERTH_AGENT_BEHIND' });
  });

  it('hands pushes over one at a time, in order', async () => {
    const seen: string[] = [];
    linked({
      push: async ({ nonce }) => {
        seen.push(`begin ${nonce}`);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(`end ${nonce}`);
        return ACK;
      },
    });
    await hub.hear('hello');
    hub.push(snapshotPush(new Map(), { 0: 1 }, 1));
    hub.push(snapshotPush(new Map(), { 0: 2 }, 2));
    await hub.hear('ack');
    await hub.hear('ack');
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('connects again when the hub goes and comes back', async () => {
    linked();
    await hub.hear('hello');
    const { address } = hub;
    await hub.stop();
    hub = await startFakeHub(await authority.hub(), address);
    expect(await hub.hear('hello')).toMatchObject({ node: 'node-1' });
  });

  it('goes to another hub when its own is gone, and stays there', async () => {
    const second = await startFakeHub(await authority.hub());
    try {
      const both = [hub, second];
      const hellos = both.map((each) => each.hear('hello'));
      linked({}, { hubs: both.map(({ address }) => address) });
      const at = await Promise.race(hellos.map((hello, i) => hello.then(() => i)));
      const [first, other] = at === 0 ? [hub, second] : [second, hub];
      const { address } = first;
      await first.stop();
      await hellos[1 - at];
      other.push(snapshotPush(new Map(), { 0: 7 }, 9));
      expect(await other.hear('ack')).toMatchObject({ nonce: 9n });
      const again = await startFakeHub(await authority.hub(), address);
      other.push(snapshotPush(new Map(), { 0: 7 }, 10));
      expect(await other.hear('ack')).toMatchObject({ nonce: 10n });
      await again.stop();
    } finally {
      await second.stop();
    }
  });

  it('asks whether the gateways are there', async () => {
    const link = linked();
    await hub.hear('hello');
    hub.push(snapshotPush(new Map(), { 0: 7 }));
    await hub.hear('ack');
    const answer = link.gatewaysAt({ 0: 7 }, 10_000);
    const { id, version } = await hub.hear('awaitGateways');
    expect(version).toMatchObject({ offsets: { 0: 7n } });
    hub.say({ case: 'gatewaysAt', value: { id, inForce: true } });
    expect(await answer).toBe(true);
  });

  it('takes no answer about the gateways for a no, within its bound', async () => {
    const link = linked();
    expect(await link.gatewaysAt({ 0: 7 }, 10_000)).toBe(false);
    await hub.hear('hello');
    hub.push(snapshotPush(new Map(), { 0: 7 }));
    await hub.hear('ack');
    expect(await link.gatewaysAt({ 0: 7 }, 1)).toBe(false);
    const unanswered = link.gatewaysAt({ 0: 7 }, 10_000);
    await hub.hear('awaitGateways');
    hub.hangUp();
    expect(await unanswered).toBe(false);
  });

  it('says again on the next link which pods were mapped meanwhile', async () => {
    const link = linked();
    link.mapped(['a', 'b'], 11);
    link.mapped(['c'], 12);
    await hub.hear('hello');
    expect(await hub.hear('mapped')).toMatchObject({ podUids: ['a', 'b'], readBackAtMs: 11 });
    expect(await hub.hear('mapped')).toMatchObject({ podUids: ['c'], readBackAtMs: 12 });
    hub.hangUp();
    expect(await hub.hear('mapped')).toMatchObject({ podUids: ['a', 'b'] });
  });

  it('tries again soon while nobody listens there, however long', async () => {
    await hub.stop();
    const clock = systemClock();
    const waits: number[] = [];
    const { promise: triedOften, resolve } = Promise.withResolvers<void>();
    const sleep = (ms: number): Promise<void> => {
      waits.push(ms);
      if (waits.length === 12) resolve();
      return clock.sleep(Math.min(ms, 1));
    };
    const backoff = { backoffFirstMs: 5, backoffMaxMs: 60_000, absentMaxMs: 20 };
    linked({}, backoff, { ...clock, sleep });
    await triedOften;
    expect(Math.max(...waits)).toBeLessThanOrEqual(20);
  });

  it('ends when it is told to, also while it has no hub', async () => {
    await hub.stop();
    linked();
    stop.abort();
    await running;
  });
});
