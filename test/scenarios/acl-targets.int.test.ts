/**
 * Targets in the lab whose ACLs are really written: an address is used when its target has it, a
 * server that misbehaves costs the others nothing, and who may reach a target is its own choice.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  egressNatObject,
  type KubernetesObject,
  namespaceObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import { metricsSocketOf } from '../../infra/demo/lab-stage.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { scrape } from '../metrics/scrape.ts';
import { defaultPolicies, type Installation, install } from './installation.ts';

const MISBEHAVING = fileURLToPath(
  new URL('../../infra/acl-server/testing/misbehaving-main.ts', import.meta.url),
);
const PORT = 8090;
const LONG = 120_000;

/** Why a connection to the target was not made; null when it was. */
async function refusal(berth: Installation, pod: LabPod, name: string): Promise<string | null> {
  const target = berth.lab.targets.find((each) => each.name === name);
  const address = target?.addresses[0];
  if (target === undefined || address === undefined) throw new Error('no such target');
  const to = { address, port: target.port };
  const client = berth.lab.traffic.connect({ pod, to, messages: 1, connectMs: 1500 });
  return (await client.outcome).reason;
}

async function sourcesSeen(berth: Installation): Promise<readonly string[]> {
  const counters = await Promise.all(berth.lab.targets.map((target) => target.readCounters()));
  return counters.flatMap(({ sourcesSeen }) => sourcesSeen.map(({ address }) => address));
}

/** Packets of the first node that are only observed, as its agent says. */
async function wouldReject(berth: Installation): Promise<number> {
  const node = berth.lab.nodes.find(({ role }) => role === 'node');
  if (node === undefined) throw new Error('no node');
  const exposed = await scrape(metricsSocketOf(node));
  const packets = exposed.get('berth_datapath_packets_total')?.samples ?? new Map();
  const found = [...packets].filter(([name]) => name.includes('reason="WOULD_REJECT"'));
  return found.reduce((sum, [, value]) => sum + value, 0);
}

/** A namespace whose pods use a target. */
const use = (namespace: string, target: string): KubernetesObject[] => [
  namespaceObject(namespace),
  egressNatObject({
    namespace,
    name: 'checkout',
    pool: 'blue',
    podLabels: { app: 'checkout' },
    targets: [target],
  }),
];

const refusedNatPackets = async (berth: Installation): Promise<number | undefined> =>
  (await berth.stage.witnesses())?.refusedNatPackets;

describe('an address', () => {
  test('is used when its target has it, and pods wait until then', {
    timeout: LONG,
  }, async (ctx) => {
    needsLab(ctx);
    await using berth = await install({ targets: [{ name: 't1', acl: 'server' }] });
    const server = berth.lab.targets[0]?.aclProcess;
    if (server == null) throw new Error('no ACL server');
    process.kill(server.pid, 'SIGSTOP');
    for (const object of use('pay', 't1')) await berth.manifests.apply(object);
    const waiting = berth.startPod({ uid: 'a', namespace: 'pay', agentTimeoutMs: 60_000 });
    await berth.until(({ targets }) => targets[0]?.needsEntry[0]?.because === 'not-reported');
    await berth.until(({ pushes }) => pushes[0]?.code === 'BERTH_ACL_TIMEOUT');
    expect((await berth.control.ask())?.berths).toEqual([]);
    process.kill(server.pid, 'SIGCONT');
    const pod = await waiting;
    expect(await refusal(berth, pod, 't1')).toBeNull();
    const status = await berth.until(({ pushes }) => pushes[0]?.code === null);
    const held = status.egressNats.flatMap(({ addresses }) => addresses);
    expect(status.targets[0]?.reported?.addresses).toEqual(held.toSorted());
    expect(await refusedNatPackets(berth)).toBe(0);
    expect(await berth.leakedPackets()).toBe(0);
  });
});

describe('a target whose ACL server misbehaves', () => {
  const bad = (stage: Stage, timeoutSeconds: number): KubernetesObject => {
    const found = stage.targets.find(({ name }) => name === 'bad');
    if (found?.aclServer == null) throw new Error('no such target');
    const url = `http://${stage.hubAddresses[0]?.split(':')[0]}:${PORT}/`;
    const object = targetObject({ ...found, aclServer: { ...found.aclServer, url } });
    const spec = object['spec'] as { driver: object };
    return { ...object, spec: { ...spec, driver: { ...spec.driver, timeoutSeconds } } };
  };
  const policies = (stage: Stage): KubernetesObject[] => [
    poolObject({ name: 'blue', addresses: stage.natCidrs, portsPerPod: 4096 }),
    ...stage.targets.filter(({ name }) => name === 'good').map(targetObject),
    ...use('shop', 'good'),
    ...use('pay', 'bad'),
  ];

  test('costs another nothing, and converges when it heals', { timeout: LONG }, async (ctx) => {
    needsLab(ctx);
    const targets = ['good', 'bad'].map((name) => ({ name, acl: 'server' as const }));
    await using berth = await install({ targets, policies });
    const modeFile = join(berth.stage.runDir, 'mode');
    const mode = (name: string): void => writeFileSync(modeFile, name);
    mode('hang');
    const { control } = berth.lab;
    const real = berth.lab.targets.find(({ name }) => name === 'bad')?.aclServer?.url ?? '';
    await berth.lab.startProcess(control, {
      command: process.execPath,
      args: [MISBEHAVING, control.uplinkIp, String(PORT), modeFile, real],
      logFile: join(berth.stage.runDir, 'misbehaving.log'),
    });
    const waiting = berth.startPod({ uid: 'p', namespace: 'pay', agentTimeoutMs: 100_000 });
    const pushed = (code: string | null) =>
      berth.until(({ pushes }) =>
        pushes.some((push) => push.target === 'bad' && push.code === code),
      );
    const misbehaviour = [
      ['hang', 'BERTH_ACL_TIMEOUT'],
      ['fail', 'BERTH_ACL_STATUS'],
      ['redirect', 'BERTH_ACL_REDIRECT'],
      ['half', 'BERTH_ACL_CUT_OFF'],
      ['lie', 'BERTH_ACL_NOT_IN_FORCE'],
    ] as const;
    for (const [at, [name, code]] of misbehaviour.entries()) {
      mode(name);
      // A change of the AclTarget is tried at once, whatever the back-off.
      await berth.manifests.apply(bad(berth.stage, at + 1));
      await pushed(code);
      const pod = await berth.startPod({ uid: `good-${at}` });
      expect(await refusal(berth, pod, 'good')).toBeNull();
      const status = await berth.control.ask();
      expect(status?.berths.filter(({ namespace }) => namespace === 'pay')).toEqual([]);
    }
    mode('behave');
    await berth.manifests.apply(bad(berth.stage, 10));
    expect(await refusal(berth, await waiting, 'bad')).toBeNull();
    await pushed(null);
    expect(await refusedNatPackets(berth)).toBe(0);
    expect(await berth.leakedPackets()).toBe(0);
  });
});

describe('a target with enforcement', () => {
  const withEnforcement = (enforcement: 'Observe' | 'Selected' | 'All') =>
    install({
      policies: (stage) => [
        ...defaultPolicies(stage, 4096),
        ...stage.targets.map((target) => targetObject({ ...target, enforcement })),
      ],
    });

  test.for([
    ['Observe', false, false],
    ['Selected', true, false],
    ['All', true, true],
  ] as const)(
    '%s rejects unknown pods: %s, pods that nothing selects: %s',
    { timeout: LONG },
    async ([enforcement, rejectsUnknown, rejectsOthers], ctx) => {
      needsLab(ctx);
      await using berth = await withEnforcement(enforcement);
      const mapped = await berth.startPod({ uid: 'mapped' });
      const other = await berth.startPod({ uid: 'other', labels: { app: 'other' } });
      const node = berth.stage.nodes[0]?.name ?? '';
      const unknown = await berth.lab.createPod({ uid: 'unknown', node, viaAgent: false });
      expect(await refusal(berth, mapped, 't1')).toBeNull();
      const tried = [
        [unknown, rejectsUnknown],
        [other, rejectsOthers],
      ] as const;
      for (const [pod, isRejected] of tried) {
        const reason = await refusal(berth, pod, 't1');
        // What passes has the pod's own address, which the target's ACL does not let in.
        expect(reason).toBe(isRejected ? 'ECONNREFUSED' : 'ETIMEDOUT');
        expect((await sourcesSeen(berth)).includes(pod.ip)).toBe(!isRejected);
      }
      expect((await sourcesSeen(berth)).includes(mapped.ip)).toBe(false);
      // What passes although it would be rejected is said, and nothing else is said to be so.
      expect((await wouldReject(berth)) > 0).toBe(enforcement === 'Observe');
    },
  );
});
