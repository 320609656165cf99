/** The lab itself, before any datapath: that it comes and goes, and that its witnesses witness. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasCode } from '../../services/contract/errors.ts';
import { parseIp } from '../../services/contract/ip-address.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { runIn } from './command.ts';
import { createLab, type Lab } from './lab.ts';
import type { LabInit } from './plan.ts';
import type { LabTarget } from './targets.ts';
import { leftoversOf } from './testing/leftovers.ts';
import { needsLab } from './testing/needs-lab.ts';

const components = { clock: systemClock(), random: systemRandom() };
const SHORT_MS = 300;
const LONG_MS = 20_000;
const UNTIL = { timeout: 20_000, interval: 10 };
const labs: Lab[] = [];

async function newLab(init: LabInit = {}): Promise<Lab> {
  const lab = await createLab(init, components);
  labs.push(lab);
  return lab;
}

beforeEach(needsLab);

afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.destroy()));
});

function unmapped(lab: Lab, uid = 'u1') {
  return lab.createPod({ uid, node: 'n1', viaAgent: false });
}

describe('a lab', () => {
  it('comes up and goes down twice, and leaves nothing behind', async () => {
    for (let round = 0; round < 2; round++) {
      const lab = await newLab({ id: 'updown' });
      await unmapped(lab);
      expect(await leftoversOf('updown')).not.toEqual([]);
      await lab.destroy();
      expect(await leftoversOf('updown')).toEqual([]);
    }
  });

  it('may be destroyed twice', async () => {
    const lab = await newLab();
    await Promise.all([lab.destroy(), lab.destroy()]);
    await lab.destroy();
    expect(await leftoversOf(lab.id)).toEqual([]);
  });

  it('exists beside another', async () => {
    const [one, other] = await Promise.all([newLab({ nodes: 1 }), newLab({ nodes: 1 })]);
    const pods = await Promise.all([unmapped(one), unmapped(other)]);
    expect(pods[0].ip).toBe(pods[1].ip);
    await one.destroy();
    const { address, port } = other.outside;
    const client = other.traffic.connect({ pod: pods[1], to: { address, port }, messages: 1 });
    expect((await client.outcome).kind).toBe('closed');
  });

  it('refuses an id that is in use, and leaves that lab alone', async () => {
    const lab = await newLab({ id: 'taken' });
    const error = await createLab({ id: 'taken' }, components).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'BERTH_CONFIG_BAD')).toBe(true);
    expect((await unmapped(lab)).netns).toBe('btaken-p1');
  });

  it('is refused without root, by name', async () => {
    const uid = vi.spyOn(process, 'getuid').mockReturnValue(1000);
    const error = await createLab({}, components).catch((thrown: unknown) => thrown);
    uid.mockRestore();
    expect(hasCode(error, 'BERTH_LAB_NEEDS_ROOT')).toBe(true);
  });

  it('gives its nodes pin folders on a bpffs', async () => {
    const lab = await newLab();
    const mounts = await readFile('/proc/self/mounts', 'utf8');
    expect(mounts).toContain(`${lab.runDir}/bpf bpf `);
    expect(lab.nodes[0]?.pinDir.startsWith(`${lab.runDir}/bpf/`)).toBe(true);
  });

  it('lets a process in a node reach one on the control host, until it is cut off', async () => {
    const lab = await newLab();
    await lab.traffic.serve(lab.control.netns, 9000);
    const to = { address: lab.control.uplinkIp, port: 9000 };
    const agent = { uid: 'agent', netns: lab.nodes[0]?.netns ?? '' };
    const connect = (connectMs: number) =>
      lab.traffic.connect({ pod: agent, to, messages: 1, connectMs }).outcome;
    expect((await connect(LONG_MS)).kind).toBe('closed');
    await lab.cutNode('n1');
    expect((await connect(SHORT_MS)).kind).toBe('failed');
    await lab.healNode('n1');
    expect((await connect(LONG_MS)).kind).toBe('closed');
  });

  it('ends its processes with itself', async () => {
    const lab = await newLab();
    const logFile = `${lab.runDir}/p.log`;
    const process = await lab.startProcess(lab.control, {
      command: 'sleep',
      args: ['1000'],
      logFile,
    });
    await lab.destroy();
    expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('runs a process in the namespace of its host, and logs what it says', async () => {
    const lab = await newLab();
    const logFile = `${lab.runDir}/p.log`;
    const [node] = lab.nodes;
    const init = { command: 'ip', args: ['-o', 'addr', 'show', 'dev', 'uplink'], logFile };
    const process = await lab.startProcess(node ?? lab.control, init);
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(await readFile(logFile, 'utf8')).toContain(node?.uplinkIp);
  });
});

describe('the witnesses', () => {
  it('count a packet with a pod address to a protected CIDR as leaked, and drop it', async () => {
    const lab = await newLab();
    const pod = await unmapped(lab);
    const capture = await lab.startCapture();
    const [target, other] = lab.targets;
    const address = target?.addresses[0] ?? lab.outside.address;
    const to = { address, port: target?.port ?? 0 };
    const client = lab.traffic.connect({ pod, to, connectMs: 300 });
    expect(await client.outcome).toMatchObject({ kind: 'failed', reason: 'ETIMEDOUT' });
    const counters = await target?.readCounters();
    expect(counters?.leakedPackets).toBeGreaterThan(0);
    expect(counters?.sourcesSeen.map((source) => source.address)).toEqual([pod.ip]);
    expect(lab.traffic.peersSeen(target?.netns ?? '')).toEqual([]);
    expect((await other?.readCounters())?.leakedPackets).toBe(0);
    const captured = await capture.stop();
    expect(captured.foreignSources).toMatchObject([{ address: pod.ip, firstDestination: address }]);
    expect(captured).toMatchObject({ packets: counters?.leakedPackets, missed: 0 });
  });

  it('let a NAT address pass to each protected CIDR, until the ACL admits it no more', async () => {
    const lab = await newLab();
    // A pod that has a NAT address for its own: nobody answers for it, but its packets arrive.
    const ip = parseIp('203.0.113.17');
    const pod = await lab.createPod({ uid: 'u1', node: 'n1', viaAgent: false, ip });
    const capture = await lab.startCapture();
    const probes = lab.targets.flatMap(({ addresses, port }) =>
      addresses.map((address) => lab.traffic.probe({ pod, to: { address, port } })),
    );
    const reached = ({ netns }: LabTarget): Set<string> =>
      new Set(lab.traffic.peersSeen(netns).map((peer) => peer.destination.address));
    for (const target of lab.targets) {
      await vi.waitUntil(() => reached(target).size === target.addresses.length, UNTIL);
      expect(reached(target)).toEqual(new Set(target.addresses));
      expect(await target.readCounters()).toMatchObject({ leakedPackets: 0 });
      await target.admit([]);
      const leaked = async () => (await target.readCounters()).leakedPackets;
      await vi.waitUntil(async () => (await leaked()) > 0, UNTIL);
      const { sourcesSeen } = await target.readCounters();
      expect(sourcesSeen.map((source) => source.address)).toEqual([ip]);
    }
    await Promise.all(probes.map((probe) => probe.close()));
    const captured = await capture.stop();
    expect(captured.foreignSources).toEqual([]);
    expect(captured.natSources).toMatchObject([{ address: ip, packets: captured.packets }]);
  });

  it('see the offloads on everywhere but towards a gateway', async () => {
    const lab = await newLab({ nodes: 1 });
    const features = (netns: string, device: string) =>
      runIn(netns, { labId: lab.id, file: 'ethtool', args: ['-k', device] });
    expect(await features(lab.nodes[0]?.netns ?? '', 'uplink')).toContain('tx-checksumming: on');
    expect(await features(lab.plan.fabricNetns, 'n1')).toContain('tcp-segmentation-offload: on');
    expect(await features(lab.plan.fabricNetns, 'gw1')).toContain('tx-checksumming: off');
  });
});
