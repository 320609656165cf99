/**
 * The whole agent over the memory twin, a real gRPC link on the loopback and a real unix socket:
 * what hub, container runtime, crashes and restarts do to it together.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority, writeTlsFiles } from '../../test/hub/test-certificates.ts';
import { parseCidr } from '../contract/cidr.ts';
import { parseIp } from '../contract/ip-address.ts';
import { memoryDatapath } from '../ports/datapath/memory.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { type Answer, ask as askAt } from './ask-agent-fixtures.ts';
import type { AgentConfig } from './config.ts';
import { type FakeHub, startFakeHub } from './fake-hub-fixtures.ts';
import {
  addressResource,
  deltaPush,
  podResource,
  policyResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { runAgent } from './run-agent.ts';
import { type Meaning, meaningOf } from './table-meaning-fixtures.ts';
import { createTableWriter } from './table-writer.ts';

const NAT = '203.0.113.17';
const TARGET = '198.51.100.0/24';
const BASIC: Resources = new Map([
  podResource('a', [{ policy: 'shop/pay', nat: NAT, base: 1024 }]),
  podResource('b', null),
  policyResource('shop/pay', [{ to: TARGET }]),
  policyResource('unknown', [{ to: TARGET }]),
  policyResource('selected', [{ to: TARGET }]),
  addressResource(NAT),
]);
const ADD_A = { verb: 'add', uid: 'a', ip: '10.1.0.5', netns: null, hostInterface: 'veth-a' };
const ADD_B = { verb: 'add', uid: 'b', ip: '10.1.0.6', netns: null, hostInterface: 'veth-b' };

let folder = '';
let hub: FakeHub;
let stop: AbortController;
let running: Promise<void>;
/** Waits of so long and longer end at once when this says so. */
let hurryAboveMs = Number.POSITIVE_INFINITY;

const clock: Clock = {
  ...systemClock(),
  after(ms, call) {
    return systemClock().after(ms > hurryAboveMs ? 0 : ms, call);
  },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-agent-'));
  const authority = await testAuthority();
  await writeTlsFiles(join(folder, 'tls'), await authority.node('node-1'));
  hub = await startFakeHub(await authority.hub());
  hurryAboveMs = Number.POSITIVE_INFINITY;
  start();
});

afterEach(async () => {
  await halt();
  await hub.stop();
  await rm(folder, { recursive: true });
});

function start(bootId = 'boot-1'): void {
  const config: AgentConfig = {
    node: 'node-1',
    bootId,
    hub: [hub.address],
    certificates: join(folder, 'tls'),
    datapath: 'memory',
    uplinks: ['uplink'],
    podCidrs: [parseCidr('10.1.0.0/16')],
    pinDir: join(folder, 'pins'),
    stateDir: join(folder, 'state'),
    cniSocket: join(folder, 'cni.sock'),
    gateway: true,
    heartbeatPort: 7946,
    underlayIp: parseIp('10.0.0.1'),
    mac: '02:00:00:00:00:01',
  };
  const datapath = memoryDatapath({ pinDir: config.pinDir });
  const log = jsonLog({ level: 'silent' });
  stop = new AbortController();
  running = runAgent(config, { datapath, clock, random: systemRandom(), log }, stop.signal);
}

async function halt(): Promise<void> {
  stop.abort();
  await running;
}

function kernel(): Meaning {
  const writer = createTableWriter(memoryDatapath({ pinDir: join(folder, 'pins') }).tables);
  writer.reload();
  return meaningOf(writer.present);
}

function ask(request: unknown): Promise<Answer> {
  return askAt(join(folder, 'cni.sock'), request);
}

async function untilAnnounced(pods: number): Promise<void> {
  for (;;) {
    const { entries } = await ask({ verb: 'status' });
    if ((entries as Record<string, number>)['interfaces'] === pods) return;
  }
}

async function gatewaysAnswer(inForce: boolean): Promise<unknown> {
  const { id, version } = await hub.hear('awaitGateways');
  hub.say({ case: 'gatewaysAt', value: { id, inForce } });
  return version?.offsets;
}

describe('an agent', () => {
  it('brings a push into force and a pod after it, and tells the hub of both', async () => {
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    expect(await hub.hear('ack')).toMatchObject({ nonce: 1n, mappedPodUids: [] });
    const added = ask(ADD_A);
    expect(await hub.hear('mapped')).toMatchObject({ podUids: ['a'] });
    expect(await gatewaysAnswer(true)).toEqual({ 0: 7n });
    expect(await added).toEqual({ ok: true, portRange: { from: 32768, to: 33535 } });
    expect(kernel()).toMatchObject({
      pods: { '10.1.0.5': ['selected', `${NAT} 1024 via ${TARGET}:`] },
      blocks: { [`${NAT} 1024`]: '10.1.0.5' },
    });
  });

  it('holds the answer until the hub has named the pod', async () => {
    await hub.hear('hello');
    const added = ask(ADD_A);
    await untilAnnounced(1);
    const withoutBerth = new Map(BASIC).set(...podResource('a', [{ policy: 'shop/pay' }]));
    hub.push(snapshotPush(withoutBerth, { 0: 7 }));
    await hub.hear('ack');
    hub.push(deltaPush(withoutBerth, BASIC, { 0: 8 }, 2));
    expect(await hub.hear('ack')).toMatchObject({ nonce: 2n, mappedPodUids: ['a'] });
    expect(await gatewaysAnswer(false)).toEqual({ 0: 8n });
    expect(await added).toMatchObject({ ok: true });
  });

  it('answers an unselected pod at once, without a port range', async () => {
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    await hub.hear('ack');
    expect(await ask(ADD_B)).toEqual({ ok: true, portRange: null });
  });

  it('gives up after its bound, and keeps holding the pod', async () => {
    await hub.hear('hello');
    hurryAboveMs = 5000;
    expect(await ask(ADD_A)).toMatchObject({ ok: false, code: 'BERTH_CNI_NOT_MAPPED' });
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    expect(await hub.hear('ack')).toMatchObject({ mappedPodUids: ['a'] });
  });

  it('goes on without a hub: known pods start, nothing is taken away', async () => {
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    await hub.hear('ack');
    await hub.stop();
    expect(await ask(ADD_A)).toMatchObject({ ok: true });
    await halt();
    start();
    expect(await ask(ADD_B)).toMatchObject({ ok: true });
    expect(Object.keys(kernel().pods)).toEqual(['10.1.0.5', '10.1.0.6']);
  });

  it('starts again with what it acked, asks for the rest only, and never goes back', async () => {
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    const { checksum } = await hub.hear('ack');
    await halt();
    start();
    expect(await hub.hear('hello')).toMatchObject({ version: { offsets: { 0: 7n } }, checksum });
    hub.push(snapshotPush(new Map(), { 0: 6 }, 5));
    expect(await hub.hear('nack')).toMatchObject({ nonce: 5n, code: 'BERTH_AGENT_BEHIND' });
    expect(kernel().policies).toEqual([`${TARGET}:`]);
  });

  it('forgets the pods of another boot, but not its version', async () => {
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    await hub.hear('ack');
    await ask(ADD_B);
    await halt();
    await rm(join(folder, 'pins'), { recursive: true });
    start('boot-2');
    expect(await hub.hear('hello')).toMatchObject({
      bootId: 'boot-2',
      version: { offsets: { 0: 7n } },
    });
    await ask({ verb: 'status' });
    expect(kernel()).toMatchObject({ pods: {}, guards: { unknown: `${TARGET}:` } });
  });

  it('says what the kernel has, and leaves it there when it stops', async () => {
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 7 }));
    await hub.hear('ack');
    await ask(ADD_B);
    const { entries } = await ask({ verb: 'status' });
    expect(entries).toMatchObject({ pods: 1, policies: 3, addresses: 1, config: 1, localPods: 1 });
    const before = kernel();
    await halt();
    expect(kernel()).toEqual(before);
    const attached = memoryDatapath({ pinDir: join(folder, 'pins') }).hooks.attachments();
    expect(
      attached.map(({ program, interfaceName }) => `${program} ${interfaceName}`).sort(),
    ).toEqual(['egress uplink', 'pod veth-b', 'return uplink', 'steer uplink']);
  });
});
