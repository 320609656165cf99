/** What pods meet: exhaustion, a policy that changes, an address that comes again. */
import { describe, expect, test } from 'vitest';
import { egressNatObject, targetObject } from '../../infra/demo/kubernetes-objects.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { defaultPolicies, type Installation, install } from './installation.ts';

const BIGGEST_BLOCK = 16384;

/** Why a connection to the target's address was not made; null when it was. */
async function refusal(berth: Installation, pod: LabPod, at = 0): Promise<string | null> {
  const [target] = berth.lab.targets;
  const address = target?.addresses[at];
  if (target === undefined || address === undefined) throw new Error('no target');
  const to = { address, port: target.port };
  const client = berth.lab.traffic.connect({ pod, to, messages: 1 });
  return (await client.outcome).reason;
}

describe('a pod', () => {
  test('that cannot get a block is refused and reported; the others talk on', async (ctx) => {
    needsLab(ctx);
    // Three blocks on an address, four addresses at most.
    await using berth = await install({ portsPerPod: BIGGEST_BLOCK });
    const pods = [];
    for (let i = 0; i < 12; i++) pods.push(await berth.startPod({ uid: `p${i}` }));
    const held = berth
      .startPod({ uid: 'one-too-many', agentTimeoutMs: 1000 })
      .catch((error: unknown) => error);
    const status = await berth.until(({ pods: { exhausted } }) => exhausted === 1);
    expect(status.egressNats[0]).toMatchObject({
      conditions: [{ type: 'Exhausted', code: 'BERTH_POOL_EXHAUSTED' }],
      exhausted: ['one-too-many'],
    });
    for (const pod of pods) expect(await refusal(berth, pod)).toBeNull();
    expect(await held).toBeInstanceOf(Error);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('that gets the address of a pod that is gone does not inherit its berth', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const first = await berth.startPod({ uid: 'first' });
    const before = await berth.until(({ berths }) => berths.length === 1);
    const held = before.berths[0]?.base;
    await berth.stopPod({ uid: 'first' });
    const second = await berth.startPod({ uid: 'second', ip: first.ip });
    expect(second.ip).toBe(first.ip);
    expect(await refusal(berth, second)).toBeNull();
    const status = await berth.until(({ berths }) => berths.some(({ uid }) => uid === 'second'));
    expect(status.berths.find(({ uid }) => uid === 'second')?.base).not.toBe(held);
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('that no EgressNat selects is left alone: it arrives with its own address', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'other', labels: { app: 'other' } });
    expect(pod.portRange).toBeNull();
    // The target's ACL turns it away: it is not Berth that does.
    const [target] = berth.lab.targets;
    const address = target?.addresses[0];
    if (target === undefined || address === undefined) throw new Error('no target');
    const to = { address, port: target.port };
    const client = berth.lab.traffic.connect({ pod, to, connectMs: 500 });
    await client.outcome;
    const { sourcesSeen } = await target.readCounters();
    expect(sourcesSeen.map((source) => source.address)).toEqual([pod.ip]);
  });
});

describe('a policy', () => {
  test('that grows covers the new destination for pods that run', async (ctx) => {
    needsLab(ctx);
    await using berth = await install({
      policies: (stage) => {
        const [target] = stage.targets;
        if (target === undefined) throw new Error('no target');
        return defaultsWith(stage, { ...target, cidrs: target.cidrs.slice(0, 1) });
      },
    });
    const pod = await berth.startPod({ uid: 'a' });
    expect(await refusal(berth, pod)).toBeNull();
    const [target] = berth.stage.targets;
    if (target === undefined) throw new Error('no target');
    const status = await berth.until(({ converged }) => converged);
    const before = status.acks.find(({ node }) => node === 'n1')?.checksum;
    await berth.manifests.apply(targetObject(target));
    await berth.until(
      ({ converged, acks }) =>
        converged && acks.find(({ node }) => node === 'n1')?.checksum !== before,
    );
    expect(await refusal(berth, pod, 1)).toBeNull();
    expect(await berth.leakedPackets()).toBe(0);
  });

  test('that is taken away takes the mapping away', async (ctx) => {
    needsLab(ctx);
    await using berth = await install();
    const pod = await berth.startPod({ uid: 'a' });
    expect(await refusal(berth, pod)).toBeNull();
    await berth.manifests.delete(
      egressNatObject({
        namespace: 'shop',
        name: 'checkout',
        pool: '',
        podLabels: {},
        targets: [],
      }),
    );
    await berth.until(({ converged, berths }) => converged && berths.length === 0);
    const status = berth.control.last;
    expect(status?.pods).toMatchObject({ present: 1, selected: 0, mapped: 0 });
  });
});

function defaultsWith(
  stage: Parameters<typeof defaultPolicies>[0],
  target: Parameters<typeof targetObject>[0],
) {
  return [
    ...defaultPolicies(stage, 4096).filter((object) => object['kind'] !== 'AclTarget'),
    targetObject(target),
  ];
}
