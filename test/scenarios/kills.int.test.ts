/**
 * Processes killed by SIGKILL while pods come and go: what was mapped keeps talking, new pods wait
 * or are held, and after the restart everything converges with nothing leaked.
 */
import { describe, expect, test } from 'vitest';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import type { TcpClient } from '../../infra/lab/traffic/tcp-clients.ts';
import { type Installation, install } from './installation.ts';

function talk(berth: Installation, pod: LabPod, at = 0): TcpClient {
  const [target] = berth.lab.targets;
  const address = target?.addresses[at];
  if (target === undefined || address === undefined) throw new Error('no target');
  const to = { address, port: target.port };
  return berth.lab.traffic.connect({ pod, to, intervalMs: 20 });
}

const allInSync = (berth: Installation) =>
  berth.until(
    ({ converged, links }) =>
      converged && links.filter((link) => link.inSync).length === berth.stage.nodes.length,
  );

describe('a SIGKILL', () => {
  test('of the control process breaks nothing, and new pods wait for the next', async (ctx) => {
    needsLab(ctx);
    await using berth = await install({ nodes: 2 });
    const before = await berth.startPod({ uid: 'before' });
    const client = talk(berth, before);
    expect(await client.established).not.toBeNull();
    await berth.control.kill();
    const during = berth.startPod({ uid: 'during', node: 'n2' });
    await berth.control.start();
    const started = await during;
    expect(await talk(berth, started).established).not.toBeNull();
    await allInSync(berth);
    expect((await client.close()).kind).toBe('closed');
    expect(berth.lab.traffic.tcpTotals().broken).toBe(0);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('of the control process at any moment of a burst ends in the same state', async (ctx) => {
    needsLab(ctx);
    await using berth = await install({ nodes: 2 });
    const names = Array.from({ length: 8 }, (_, i) => `burst-${i}`);
    const starting = names.map((uid, i) =>
      berth.startPod({ uid, node: i % 2 === 0 ? 'n1' : 'n2' }),
    );
    for (let kill = 0; kill < 4; kill++) {
      // Each life is a little longer than the one before, so that each ends somewhere else.
      await berth.control.waitUntil(({ pods }) => pods.mapped > kill * 2, 5_000);
      await berth.control.kill();
      await berth.control.start();
    }
    const pods = await Promise.all(starting);
    const status = await allInSync(berth);
    const blocks = status.berths.map(({ address, base }) => `${address}:${base}`);
    expect(new Set(blocks).size).toBe(8);
    for (const pod of pods) expect(await talk(berth, pod).established).not.toBeNull();
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('of an agent breaks nothing; its successor adopts what is pinned', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const client = talk(berth, pod);
    expect(await client.established).not.toBeNull();
    await berth.agents.kill('n1');
    // Without an agent the kernel maps on, and rejects on.
    expect(await talk(berth, pod, 1).established).not.toBeNull();
    const stranger = await berth.lab.createPod({ uid: 'stranger', node: 'n1', viaAgent: false });
    expect((await talk(berth, stranger).outcome).reason).toBe('ECONNREFUSED');
    await berth.agents.start('n1');
    await allInSync(berth);
    const late = await berth.startPod({ uid: 'late' });
    expect(await talk(berth, late).established).not.toBeNull();
    expect((await client.close()).kind).toBe('closed');
    expect(berth.lab.traffic.tcpTotals().broken).toBe(0);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('of a gateway’s agent breaks nothing', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    const client = talk(berth, pod);
    expect(await client.established).not.toBeNull();
    await berth.agents.kill('gw1');
    expect(await talk(berth, pod, 1).established).not.toBeNull();
    await berth.agents.start('gw1');
    await allInSync(berth);
    expect((await client.close()).kind).toBe('closed');
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('of both while a pod goes: its block rests until its node has let go of it', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    await berth.startPod({ uid: 'a' });
    await Promise.all([berth.agents.kill('n1'), berth.control.kill()]);
    await berth.deleteObject({ uid: 'a' });
    await berth.control.start();
    const waiting = await berth.until(({ pods, resting }) => pods.present === 0 && resting === 1);
    expect(waiting.converged).toBe(false);
    await berth.agents.start('n1');
    await allInSync(berth);
    expect(berth.control.last?.berths).toEqual([]);
    expect(await berth.leakedPackets()).toBe(0);
  });
});

test('a node that is cut off harms no other, and catches up', async (ctx) => {
  needsLab(ctx);
  await using berth = await install({ nodes: 2 });
  const near = await berth.startPod({ uid: 'near', node: 'n1' });
  await berth.startPod({ uid: 'far', node: 'n2' });
  await berth.lab.cutNode('n2');
  await berth.until(({ links }) => links.some((link) => link.node === 'n2' && !link.connected));
  // The others go on as if nothing were.
  expect(await talk(berth, near).established).not.toBeNull();
  const another = await berth.startPod({ uid: 'another', node: 'n1' });
  expect(await talk(berth, another).established).not.toBeNull();
  await berth.lab.healNode('n2');
  await allInSync(berth);
  const after = await berth.startPod({ uid: 'after', node: 'n2' });
  expect(await talk(berth, after).established).not.toBeNull();
  expect(await berth.leakedPackets()).toBe(0);
});
