/**
 * The agent's process, killed with SIGKILL at any moment of a churn and started again: it comes
 * back with what it acked, never behind it, and ends as the hub and the container runtime want.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority, writeTlsFiles } from '../../test/hub/test-certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { memoryDatapath } from '../ports/datapath/memory.ts';
import { type Answer, ask } from './ask-agent-fixtures.ts';
import { type FakeHub, startFakeHub } from './fake-hub-fixtures.ts';
import {
  addressResource,
  podResource,
  policyResource,
  type Resources,
  snapshotPush,
} from './link-fixtures.ts';
import { type Meaning, meaningOf } from './table-meaning-fixtures.ts';
import { createTableWriter } from './table-writer.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const NAT = '203.0.113.17';
const TARGET = '198.51.100.0/24';
const ROUNDS = 8;
const STARTED = { ok: true, portRange: { from: 32768, to: 33535 } };

let folder: TemporaryFolder;
let hub: FakeHub;
let agent: ChildProcess;

beforeEach(async () => {
  folder = await temporaryFolder();
  const authority = await testAuthority();
  await writeTlsFiles(join(folder.path, 'tls'), await authority.node('node-1'));
  hub = await startFakeHub(await authority.hub());
});

afterEach(async () => {
  await kill();
  await hub.stop();
  await folder.remove();
});

function start(...more: string[]): void {
  const flags = {
    node: 'node-1',
    'boot-id': 'boot-1',
    hub: hub.address,
    certificates: join(folder.path, 'tls'),
    datapath: 'memory',
    uplink: 'uplink',
    'pod-cidr': '10.1.0.0/16',
    'pin-dir': join(folder.path, 'pins'),
    'state-dir': join(folder.path, 'state'),
    'cni-socket': join(folder.path, 'cni.sock'),
    'underlay-ip': '10.0.0.1',
    mac: '02:00:00:00:00:01',
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  agent = spawn(process.execPath, [MAIN, ...args, ...more], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  if (agent.exitCode === null && agent.signalCode === null) {
    agent.kill(signal);
    await once(agent, 'exit');
  }
  return agent.exitCode;
}

const PODS = [0, 1, 2];

/** Each round moves the first pod to the other of two blocks, and changes the policy of all. */
function wantedIn(round: number): Resources {
  return new Map([
    ...PODS.map((n) =>
      podResource(`p${n}`, [{ policy: 'shop/pay', nat: NAT, base: baseIn(round, n) }]),
    ),
    policyResource('shop/pay', [{ to: TARGET }, { to: `192.0.2.${round}/32` }]),
    policyResource('unknown', [{ to: TARGET }]),
    policyResource('selected', [{ to: TARGET }]),
    addressResource(NAT),
  ]);
}

function baseIn(round: number, pod: number): number {
  return 1024 * (pod === 0 ? 10 + (round % 2) : pod);
}

function kernel(): Meaning {
  const writer = createTableWriter(memoryDatapath({ pinDir: join(folder.path, 'pins') }).tables);
  writer.reload();
  return meaningOf(writer.present);
}

describe('an agent that is killed', () => {
  it('comes back with what it acked, and ends as it is wanted', async () => {
    hub.gateways = true;
    const socket = join(folder.path, 'cni.sock');
    const added: Promise<Answer>[] = [];
    let acked = -1;
    for (let round = 1; round <= ROUNDS; round++) {
      start();
      const { version } = await hub.hear('hello');
      expect(Number(version?.offsets[0] ?? -1)).toBeGreaterThanOrEqual(acked);
      const pod = PODS[round - 1];
      if (pod !== undefined) {
        const place = { ip: `10.1.0.${pod}`, hostInterface: `veth${pod}` };
        added.push(ask(socket, { verb: 'add', uid: `p${pod}`, ...place }));
      }
      hub.push(snapshotPush(wantedIn(round), { 0: round }, round));
      // Killed with the push in hand, after it, or when a pod came into force as well.
      if (round % 3 !== 1 || round === ROUNDS) {
        await hub.hear('ack');
        acked = round;
      }
      if (round === ROUNDS) expect(await Promise.all(added)).toEqual(PODS.map(() => STARTED));
      await kill();
      hub.forget();
    }
    expect(kernel().pods).toEqual(
      Object.fromEntries(
        PODS.map((pod) => {
          const policy = `192.0.2.${ROUNDS}/32: ${TARGET}:`;
          return [`10.1.0.${pod}`, ['selected', `${NAT} ${baseIn(ROUNDS, pod)} via ${policy}`]];
        }),
      ),
    );
  });
});

describe('a state folder', () => {
  it('has one agent: a second one is refused, and the first goes on', async () => {
    start();
    await hub.hear('hello');
    const first = agent;
    start();
    await once(agent, 'exit');
    expect(agent.exitCode).toBe(4);
    expect(await ask(join(folder.path, 'cni.sock'), { verb: 'status' })).toMatchObject({
      ok: true,
    });
    expect(first.exitCode).toBeNull();
    agent = first;
  });

  it('is emptied by an uninstall, but not while an agent works there', async () => {
    start();
    await hub.hear('hello');
    hub.push(snapshotPush(wantedIn(1), { 0: 1 }));
    await hub.hear('ack');
    const first = agent;
    expect(await uninstalled()).toBe(4);
    expect(Object.keys(kernel().guards)).toEqual(['unknown', 'selected']);
    agent = first;
    await kill();
    expect(await uninstalled()).toBe(0);
    expect((await readdir(folder.path)).sort()).toEqual(['tls']);
    expect(await uninstalled()).toBe(0);
  });

  async function uninstalled(): Promise<number | null> {
    start('--uninstall');
    await once(agent, 'exit');
    return agent.exitCode;
  }
});

describe('the process of an agent', () => {
  it('ends with success when it is told to', async () => {
    start();
    await hub.hear('hello');
    expect(await kill('SIGTERM')).toBe(0);
  });

  it('ends with the code of a bad configuration, and says which field', async () => {
    start('--hub', 'nowhere');
    let said = '';
    agent.stderr?.on('data', (text) => {
      said += String(text);
    });
    await once(agent, 'exit');
    expect([agent.exitCode, said]).toEqual([2, expect.stringContaining('BERTH_CONFIG_BAD')]);
  });
});
