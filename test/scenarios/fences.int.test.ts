/**
 * A node that is cut off while its pods go on sending, and whose pods are deleted by force: their
 * blocks are nobody else's before the node has let go of them or is fenced, however long it takes;
 * and then they are.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import {
  egressNatObject,
  type KubernetesObject,
  namespaceObject,
  nodeObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import { runIn } from '../../infra/lab/command.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import type { Status } from '../../services/console/status.ts';
import { type Installation, install } from './installation.ts';

const CLI = join(import.meta.dirname, '../../services/cli/main.ts');
const PORTS_PER_POD = 16_384;
const QUARANTINE_SECONDS = 2;
/** A wait of its own (10 s) and a quarantine, on a busy machine. */
const SCENARIO_MS = 300_000;
const WAIT_MS = 60_000;

/** One address of three blocks, which rest for two seconds only. */
function scarce(stage: Stage): KubernetesObject[] {
  const pool = poolObject({
    name: 'blue',
    addresses: stage.natCidrs,
    portsPerPod: PORTS_PER_POD,
  });
  const nat = egressNatObject({
    namespace: 'shop',
    name: 'checkout',
    pool: 'blue',
    podLabels: { app: 'checkout' },
    targets: stage.targets.map(({ name }) => name),
  });
  return [
    withSpec(pool, { quarantineSeconds: QUARANTINE_SECONDS }),
    ...stage.targets.map(targetObject),
    namespaceObject('shop'),
    withSpec(nat, { addresses: { min: 1, max: 1 } }),
  ];
}

function withSpec(object: KubernetesObject, spec: object): KubernetesObject {
  return { ...object, spec: { ...(object['spec'] as object), ...spec } };
}

function talk(berth: Installation, pod: LabPod) {
  const [target] = berth.lab.targets;
  const [address] = target?.addresses ?? [];
  if (target === undefined || address === undefined) throw new Error('no target');
  return berth.lab.traffic.connect({ pod, to: { address, port: target.port }, intervalMs: 20 });
}

function probe(berth: Installation, pod: LabPod): void {
  const [target] = berth.lab.targets;
  const [address] = target?.addresses ?? [];
  if (target === undefined || address === undefined) throw new Error('no target');
  berth.lab.traffic.probe({ pod, to: { address, port: target.port }, intervalUs: 10_000 });
}

/** A target got something from this block. */
function sendsAs(berth: Installation, block: string | undefined): boolean {
  return berth.lab.targets.some(({ netns }) =>
    berth.lab.traffic.peersSeen(netns).some(({ source }) => {
      const base = source.port - (source.port % PORTS_PER_POD);
      return `${source.address}:${base}` === block;
    }),
  );
}

function blockOf({ berths }: Status, uid: string): string | undefined {
  const found = berths.find((each) => each.uid === uid);
  return found && `${found.address}:${found.base}`;
}

const isCut = ({ links }: Status): boolean =>
  links.some(({ node, connected }) => node === 'n1' && !connected);
const waitsForAckOnly = ({ rests }: Status): boolean =>
  rests.length === 1 && rests[0]?.waitsFor.join() === 'ack';
const isBack = ({ fences, links, resting }: Status): boolean =>
  fences.length === 0 &&
  resting === 0 &&
  links.every(({ connected, inSync }) => connected && inSync);

/** The rule drops what the node's agent says to the hub, and nothing of its pods. */
async function cutLink(berth: Installation, cut: boolean): Promise<void> {
  const netns = berth.lab.nodes.find(({ name }) => name === 'n1')?.netns ?? '';
  const [host = '', port = ''] = (berth.stage.hubAddresses[0] ?? '').split(':');
  const chain = 'type filter hook output priority 0;';
  const drop = `ip daddr ${host} tcp dport ${port} drop;`;
  const rules = `table inet cut { chain out { ${chain} ${drop} }; }`;
  const args = cut ? ['-f', '-'] : ['delete', 'table', 'inet', 'cut'];
  await runIn(netns, { labId: berth.lab.plan.id, file: 'nft', args, input: cut ? rules : '' });
}

async function fenceByCommand(berth: Installation, ...more: string[]): Promise<unknown> {
  const socket = join(berth.stage.runDir, 'berth.sock.operator');
  const args = [CLI, 'fence', 'n1', '--operator-socket', socket, '--yes', '-o', 'json', ...more];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function until(berth: Installation, isSo: (status: Status) => boolean): Promise<Status> {
  const came = await berth.control.waitUntil(isSo, WAIT_MS);
  if (!came || berth.control.last === null) {
    throw new Error(`it never came so; the last status was ${JSON.stringify(berth.control.last)}`);
  }
  return berth.control.last;
}

/** All three blocks are on n1; `uid` is deleted by force there while nobody hears of n1. */
async function loseOne(berth: Installation, uid: string, heir: string): Promise<void> {
  await berth.deleteObject({ uid });
  const coming = berth.startPod({ uid: heir, node: 'n2', agentTimeoutMs: SCENARIO_MS });
  coming.catch(() => undefined);
  await until(berth, (status) => waitsForAckOnly(status) && status.pods.exhausted === 1);
}

test('blocks of a node that is cut off are given to nobody before its ack or a fence', {
  timeout: SCENARIO_MS,
}, async (ctx) => {
  needsLab(ctx);
  await using berth = await install({ nodes: 2, policies: scarce });
  const capture = await berth.lab.startCapture();
  const pods = new Map<string, LabPod>();
  for (const uid of ['a', 'b', 'c']) pods.set(uid, await berth.startPod({ uid }));
  const before = await until(berth, ({ pods: { mapped } }) => mapped === 3);
  const a = pods.get('a');
  if (a === undefined) throw new Error('no pod');

  // Cut off from the control plane only: the pod sends on, from its block.
  await cutLink(berth, true);
  await until(berth, isCut);
  await loseOne(berth, 'a', 'a2');
  probe(berth, a);
  await vi.waitFor(() => expect(sendsAs(berth, blockOf(before, 'a'))).toBe(true), WAIT_MS);
  expect(berth.control.last?.berths.map(({ uid }) => uid)).not.toContain('a2');
  await cutLink(berth, false);
  const acked = await until(berth, (status) => blockOf(status, 'a2') !== undefined);
  expect(blockOf(acked, 'a2')).toBe(blockOf(before, 'a'));
  // Its node acked: by then the old pod had no way out any more.
  expect((await talk(berth, a).outcome).reason).toBe('ECONNREFUSED');

  // Really cut off, and an operator says so.
  await expect(fenceByCommand(berth)).rejects.toMatchObject({ code: 1 });
  await berth.lab.cutNode('n1');
  await until(berth, isCut);
  await loseOne(berth, 'b', 'b2');
  expect(await fenceByCommand(berth)).toMatchObject({ node: 'n1', by: 'Operator' });
  const fenced = await until(berth, (status) => blockOf(status, 'b2') !== undefined);
  expect(blockOf(fenced, 'b2')).toBe(blockOf(before, 'b'));
  // Started anew, as it should be: what ran there is gone.
  await berth.lab.deletePod('b');
  await berth.lab.healNode('n1');
  await until(berth, isBack);

  // Switched off, and the taint says so.
  await berth.lab.cutNode('n1');
  await until(berth, isCut);
  await loseOne(berth, 'c', 'c2');
  const node = berth.stage.nodes.find(({ name }) => name === 'n1');
  const object = nodeObject('n1', node?.address ?? '', false);
  const key = 'node.kubernetes.io/out-of-service';
  await berth.manifests.apply(withSpec(object, { taints: [{ key, effect: 'NoExecute' }] }));
  const tainted = await until(berth, (status) => blockOf(status, 'c2') !== undefined);
  expect(blockOf(tainted, 'c2')).toBe(blockOf(before, 'c'));
  await berth.lab.deletePod('c');
  await berth.manifests.apply(object);
  await berth.lab.healNode('n1');
  await until(berth, isBack);

  const seen = await capture.stop();
  expect(seen.foreignSources).toEqual([]);
  expect(await berth.leakedPackets()).toBe(0);
});

test('blocks of a node that is deleted are free when it has had no link for the wait', {
  timeout: SCENARIO_MS,
}, async (ctx) => {
  needsLab(ctx);
  await using berth = await install({ nodes: 2, policies: scarce });
  for (const uid of ['a', 'b', 'c']) await berth.startPod({ uid });
  const before = await until(berth, ({ pods: { mapped } }) => mapped === 3);
  await berth.lab.cutNode('n1');
  await until(berth, isCut);
  await loseOne(berth, 'a', 'a2');
  const node = berth.stage.nodes.find(({ name }) => name === 'n1');
  await berth.manifests.delete(nodeObject('n1', node?.address ?? '', false));
  const { fences } = await until(berth, ({ fences: all }) => all.length > 0);
  expect(fences).toMatchObject([{ node: 'n1', suspect: 'Deleted' }]);
  const given = await until(berth, (status) => blockOf(status, 'a2') !== undefined);
  expect(blockOf(given, 'a2')).toBe(blockOf(before, 'a'));
  expect(await berth.leakedPackets()).toBe(0);
});
