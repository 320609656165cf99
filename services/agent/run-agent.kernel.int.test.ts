/**
 * The agent over the real kernel, in a network namespace and a BPF file system of the test's own:
 * what it writes, finds again, repairs, and leaves behind.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BpfFileSystem,
  mountBpfFileSystem,
  noKernel,
} from '../../bpf/test/bpf-file-system.ts';
import { type Namespaces, namespaces } from '../../bpf/test/namespaces.ts';
import { testAuthority, writeTlsFiles } from '../../test/hub/test-certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { parseCidr } from '../contract/cidr.ts';
import { parseIp } from '../contract/ip-address.ts';
import { kernelDatapath, removeKernelDatapath } from '../ports/datapath/kernel.ts';
import type { Datapath } from '../ports/datapath/port.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { type Answer, ask as askAt } from './ask-agent-fixtures.ts';
import { type FakeHub, startFakeHub } from './fake-hub-fixtures.ts';
import { differsFrom } from './kernel-model-fixtures.ts';
import {
  addressResource,
  blockResource,
  nodeResource,
  podResource,
  policyResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { runAgent } from './run-agent.ts';
import { meaningOf } from './table-meaning-fixtures.ts';
import { createTableWriter } from './table-writer.ts';
import type { Content } from './tables/content.ts';

const NAT = '203.0.113.17';
const TARGET = '198.51.100.0/24';
const BASIC: Resources = new Map([
  podResource('a', [{ policy: 'shop/pay', nat: NAT, base: 1024 }]),
  policyResource('shop/pay', [{ to: TARGET, port: 5432 }]),
  policyResource('unknown', [{ to: TARGET }]),
  policyResource('selected', [{ to: TARGET }]),
  addressResource(NAT, ['node-1']),
  nodeResource('node-2', '10.0.0.2', '02:00:00:00:00:02'),
  blockResource(NAT, 2048, 'node-2'),
]);
const ADD_A = { verb: 'add', uid: 'a', ip: '10.1.0.5', netns: null, hostInterface: 'veth-a' };
const STARTED = { ok: true, portRange: { from: 32768, to: 33535 } };
const CHECK_MS = 60_000;

let fileSystem: BpfFileSystem;
let spaces: Namespaces;
let folder: TemporaryFolder;
let hub: FakeHub;
let stop: AbortController;
let running: Promise<void>;
let mine: Datapath;
/** Ends the wait for the next check of the tables; then waits for the one after it. */
let checkNow = (): void => undefined;

const clock: Clock = {
  ...systemClock(),
  sleep(ms, signal) {
    if (ms !== CHECK_MS) return systemClock().sleep(ms, signal);
    return new Promise((resolve) => {
      checkNow = resolve;
      signal?.addEventListener('abort', () => resolve());
    });
  },
};

beforeEach(async (ctx) => {
  ctx.skip(noKernel !== null, noKernel ?? '');
  fileSystem = mountBpfFileSystem();
  spaces = namespaces();
  spaces.add('node');
  spaces.ip('node', 'link add uplink type veth peer name far');
  spaces.ip('node', 'link set uplink up');
  spaces.ip('node', 'link add veth-a type veth peer name eth0');
  folder = await temporaryFolder();
  const authority = await testAuthority();
  await writeTlsFiles(join(folder.path, 'tls'), await authority.node('node-1'));
  hub = await startFakeHub(await authority.hub());
  hub.gateways = true;
  mine = open();
  start();
  await hub.hear('hello');
  hub.push(snapshotPush(BASIC, { 0: 1 }));
  await hub.hear('ack');
});

afterEach(async () => {
  if (noKernel !== null) return;
  await halt();
  await hub.stop();
  mine.close();
  await removeKernelDatapath(join(fileSystem.path, 'node'));
  spaces.close();
  fileSystem.unmount();
  await folder.remove();
});

function open(): Datapath {
  return kernelDatapath({ pinDir: join(fileSystem.path, 'node'), netns: spaces.path('node') });
}

function start(): void {
  stop = new AbortController();
  const datapath = open();
  const config = {
    node: 'node-1',
    bootId: 'boot-1',
    hub: [hub.address],
    certificates: join(folder.path, 'tls'),
    datapath: 'kernel' as const,
    uplinks: ['uplink'],
    podCidrs: [parseCidr('10.1.0.0/16')],
    pinDir: join(fileSystem.path, 'node'),
    stateDir: join(folder.path, 'state'),
    cniSocket: join(folder.path, 'cni.sock'),
    gateway: true,
    heartbeatPort: 7946,
    underlayIp: parseIp('10.0.0.1'),
    mac: '02:00:00:00:00:01',
  };
  const log = jsonLog({ level: 'silent' });
  const parts = { datapath, clock, random: systemRandom(), log };
  running = runAgent(config, parts, stop.signal).finally(() => datapath.close());
}

async function halt(): Promise<void> {
  stop.abort();
  await running;
}

function ask(request: unknown): Promise<Answer> {
  return askAt(join(folder.path, 'cni.sock'), request);
}

function content(): Content {
  const writer = createTableWriter(mine.tables);
  writer.reload();
  return writer.present;
}

function attachments(): string[] {
  return mine.hooks
    .attachments()
    .map(({ program, interfaceName, first }) => `${program} ${interfaceName} ${first}`)
    .sort();
}

const ATTACHED = [
  'egress uplink true',
  'pod veth-a true',
  'return uplink true',
  'steer uplink true',
];

describe('an agent over the kernel', () => {
  it('writes what is wanted, and attaches what belongs there', async () => {
    expect(await ask(ADD_A)).toEqual(STARTED);
    expect(meaningOf(content())).toMatchObject({
      pods: { '10.1.0.5': ['selected', `${NAT} 1024 via ${TARGET}:5432`] },
      blocks: { [`${NAT} 1024`]: '10.1.0.5', [`${NAT} 2048`]: 'node 10.0.0.2 02:00:00:00:00:02' },
      addresses: { [NAT]: '1024 true' },
      guards: { unknown: `${TARGET}:`, selected: `${TARGET}:` },
    });
    expect(attachments()).toEqual(ATTACHED);
  });

  it('finds everything again after a restart, and changes nothing', async () => {
    await ask(ADD_A);
    const before = content();
    await halt();
    expect(differsFrom(content(), before)).toEqual([]);
    start();
    await hub.hear('hello');
    hub.push(snapshotPush(BASIC, { 0: 2 }, 2));
    await hub.hear('ack');
    expect(differsFrom(content(), before)).toEqual([]);
    expect(attachments()).toEqual(ATTACHED);
  });

  it('forgets a pod whose interface went first', async () => {
    await ask(ADD_A);
    spaces.ip('node', 'link del veth-a');
    expect(await ask({ verb: 'del', uid: 'a' })).toEqual({ ok: true });
    expect(meaningOf(content())).toMatchObject({ pods: {}, interfaces: {} });
    expect(attachments()).toEqual(ATTACHED.filter((text) => !text.startsWith('pod')));
  });

  it('takes interfaces that went and came again for its own at once', async () => {
    await ask(ADD_A);
    const before = [...content().interfaces.keys()];
    spaces.ip('node', 'link del veth-a');
    spaces.ip('node', 'link add veth-a type veth peer name eth0');
    spaces.ip('node', 'link del uplink');
    spaces.ip('node', 'link add uplink type veth peer name far');
    await expect.poll(attachments, { timeout: 5000 }).toEqual(ATTACHED);
    await expect
      .poll(() => [...content().interfaces.keys()], { timeout: 5000 })
      .not.toEqual(before);
    expect(content().interfaces.size).toBe(1);
  });

  it('repairs tables and attachments that another hand changed', async () => {
    await ask(ADD_A);
    const good = content();
    for (const table of ['pods', 'policies', 'addresses'] as const) {
      mine.tables.remove(
        table,
        mine.tables.dump(table).map(({ key }) => key),
      );
    }
    await mine.hooks.detach('egress', 'uplink');
    checkNow();
    // Answered in turn, so after the check.
    await ask({ verb: 'status' });
    expect(differsFrom(content(), good)).toEqual([]);
    await expect.poll(attachments).toEqual(ATTACHED);
  });
});
