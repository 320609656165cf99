/** Pods of the lab: their network, their life, and what the call to the agent does to them. */
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasCode } from '../../services/contract/errors.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { runIn } from './command.ts';
import { createLab, type Lab } from './lab.ts';
import type { LabInit } from './plan.ts';
import type { LabPod } from './pods.ts';
import { leftoversOf } from './testing/leftovers.ts';
import { needsLab } from './testing/needs-lab.ts';

const components = { clock: systemClock(), random: systemRandom() };
const labs: Lab[] = [];
const servers: Server[] = [];

async function newLab(init: LabInit = {}): Promise<Lab> {
  const lab = await createLab(init, components);
  labs.push(lab);
  return lab;
}

beforeEach(needsLab);

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await Promise.all(labs.splice(0).map((lab) => lab.destroy()));
});

function unmapped(lab: Lab, uid = 'u1') {
  return lab.createPod({ uid, node: 'n1', viaAgent: false });
}

/** Stands in for the agent of n1; answers what it was asked. */
async function agentThatSays(lab: Lab, answer: unknown): Promise<Record<string, unknown>[]> {
  const asked: Record<string, unknown>[] = [];
  const server = createServer((socket) => {
    socket.setEncoding('utf8').once('data', (line) => {
      asked.push(JSON.parse(String(line)));
      socket.end(`${JSON.stringify(answer)}\n`);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(lab.nodes[0]?.cniSocket, resolve);
  });
  return asked;
}

async function sysctl(lab: Lab, pod: LabPod, name: string): Promise<string> {
  const args = [`/proc/sys/net/ipv4/${name}`];
  return (await runIn(pod.netns, { labId: lab.id, file: 'cat', args })).trim();
}

describe('a pod', () => {
  it('reaches a server outside the protected CIDRs with its own address', async () => {
    const lab = await newLab();
    const pod = await unmapped(lab);
    const { address, port, netns } = lab.outside;
    const client = lab.traffic.connect({ pod, to: { address, port }, messages: 5, intervalMs: 1 });
    expect(await client.outcome).toMatchObject({ kind: 'closed', messages: 5 });
    expect(lab.traffic.peersSeen(netns).map(({ source }) => source.address)).toEqual([pod.ip]);
  });

  it('reaches a pod of another node', async () => {
    const lab = await newLab();
    const [client, server] = await Promise.all([
      unmapped(lab),
      lab.createPod({ uid: 'u2', node: 'n2', viaAgent: false }),
    ]);
    await lab.traffic.serve(server.netns, 80);
    const to = { address: server.ip, port: 80 };
    expect((await lab.traffic.connect({ pod: client, to, messages: 1 }).outcome).kind).toBe(
      'closed',
    );
  });

  it('comes again with the address of one that was deleted, and under its uid', async () => {
    const lab = await newLab();
    const first = await unmapped(lab);
    await lab.deletePod('u1');
    expect(lab.pods()).toEqual([]);
    const second = await unmapped(lab);
    expect(second).toMatchObject({ ip: first.ip, uid: first.uid });
    expect(second.netns).not.toBe(first.netns);
  });

  it('ends its connections when it is deleted, and none of them counts as broken', async () => {
    const lab = await newLab();
    const pod = await unmapped(lab);
    const { address, port } = lab.outside;
    const client = lab.traffic.connect({ pod, to: { address, port } });
    await client.established;
    await lab.deletePod('u1');
    expect((await client.outcome).kind).toBe('pod-deleted');
    expect(lab.traffic.tcpTotals()).toMatchObject({ broken: 0, open: 0 });
    expect(await leftoversOf(lab.id)).not.toContain(`/run/netns/${pod.netns}`);
  });

  it('that is not known may be deleted', async () => {
    const lab = await newLab({ nodes: 1 });
    await lab.deletePod('nobody');
  });

  it('is taken down again when the agent does not answer', async () => {
    const lab = await newLab({ nodes: 1 });
    const creation = lab.createPod({ uid: 'u1', node: 'n1', agentTimeoutMs: 100 });
    const error = await creation.catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'BERTH_LAB_POD_REFUSED')).toBe(true);
    expect(lab.pods()).toEqual([]);
    expect(await leftoversOf(lab.id)).not.toContain(`/run/netns/b${lab.id}-p1`);
  });

  it('may be deleted while it waits for the agent', async () => {
    const lab = await newLab({ nodes: 1 });
    const creation = lab.createPod({ uid: 'u1', node: 'n1', agentTimeoutMs: 1_000 });
    const refused = creation.catch((error: unknown) => hasCode(error, 'BERTH_LAB_POD_REFUSED'));
    await lab.deletePod('u1');
    expect(await refused).toBe(true);
    expect(lab.pods()).toEqual([]);
  });
});

describe('a pod that is announced to the agent', () => {
  const range = { from: 32_768, to: 33_535 };

  it('is named by uid, address, namespace and interface, and by uid when it goes', async () => {
    const lab = await newLab({ nodes: 1 });
    const asked = await agentThatSays(lab, { ok: true, portRange: range });
    const { uid, ip, netns, hostInterface } = await lab.createPod({ uid: 'u1', node: 'n1' });
    await lab.deletePod('u1');
    expect(asked).toEqual([
      { verb: 'add', uid, ip, netns: `/run/netns/${netns}`, hostInterface },
      { verb: 'del', uid },
    ]);
  });

  it('is confined to the port range that the agent names', async () => {
    const lab = await newLab({ nodes: 1 });
    await agentThatSays(lab, { ok: true, portRange: range });
    const pod = await lab.createPod({ uid: 'u1', node: 'n1' });
    expect(pod.portRange).toEqual(range);
    expect(await sysctl(lab, pod, 'ip_local_port_range')).toBe('32768\t33535');
    expect(await sysctl(lab, pod, 'tcp_tw_reuse')).toBe('1');
    const { address, port } = lab.outside;
    const source = await lab.traffic.connect({ pod, to: { address, port } }).established;
    expect(source).toBeGreaterThanOrEqual(range.from);
    expect(source).toBeLessThanOrEqual(range.to);
  });

  it('keeps its ordinary ports when the agent names none', async () => {
    const lab = await newLab({ nodes: 1 });
    await agentThatSays(lab, { ok: true, portRange: null });
    const pod = await lab.createPod({ uid: 'u1', node: 'n1' });
    expect(pod.portRange).toBeNull();
    expect(await sysctl(lab, pod, 'ip_local_port_range')).not.toContain('33535');
  });

  it('does not come up when the agent refuses it, and its address is free again', async () => {
    const lab = await newLab({ nodes: 1 });
    await agentThatSays(lab, { ok: false, code: 'BERTH_CNI_BAD_REQUEST', message: 'no' });
    const refused = await lab.createPod({ uid: 'u1', node: 'n1' }).catch((error: unknown) => error);
    expect(hasCode(refused, 'BERTH_LAB_POD_REFUSED')).toBe(true);
    expect((await unmapped(lab, 'u2')).ip).toBe('10.244.1.2');
  });
});
