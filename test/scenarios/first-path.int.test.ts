/** The main job, packet by packet: who arrives where, from which address and port. */
import { describe, expect, test } from 'vitest';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { POD_PORT_FIRST } from '../../services/contract/block.ts';
import { install } from './installation.ts';

describe('a pod in the lab', () => {
  test('arrives from its NAT address, at the port that its block computes', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const [target] = berth.lab.targets;
    const address = target?.addresses[0];
    if (target === undefined || address === undefined) throw new Error('no target');
    const client = berth.lab.traffic.connect({
      pod,
      to: { address, port: target.port },
      messages: 3,
    });
    const sourcePort = await client.established;
    expect((await client.outcome).kind).toBe('closed');
    const status = await berth.until(({ berths }) => berths.length === 1);
    const held = status.berths[0];
    if (held === undefined || sourcePort === null) throw new Error('no berth');
    expect(sourcePort).toBeGreaterThanOrEqual(POD_PORT_FIRST);
    const peers = berth.lab.traffic.peersSeen(target.netns);
    expect(peers.map(({ protocol, source }) => [protocol, source.address, source.port])).toEqual([
      ['tcp', held.address, held.base + (sourcePort - POD_PORT_FIRST)],
    ]);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('that Berth does not know is refused at once, and nothing leaves', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const node = berth.stage.nodes[0]?.name ?? '';
    const pod = await berth.lab.createPod({ uid: 'stranger', node, viaAgent: false });
    const [target] = berth.lab.targets;
    const address = target?.addresses[0];
    if (target === undefined || address === undefined) throw new Error('no target');
    const client = berth.lab.traffic.connect({ pod, to: { address, port: target.port } });
    expect(await client.established).toBeNull();
    expect((await client.outcome).reason).toBe('ECONNREFUSED');
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('reaches what is not protected with its own address, mapped or not', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const { outside } = berth.lab;
    const client = berth.lab.traffic.connect({
      pod,
      to: { address: outside.address, port: outside.port },
      messages: 2,
    });
    expect((await client.outcome).kind).toBe('closed');
    const peers = berth.lab.traffic.peersSeen(outside.netns);
    expect(peers.map(({ source }) => source.address)).toEqual([pod.ip]);
  });
});
