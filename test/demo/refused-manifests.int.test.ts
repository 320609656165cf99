/**
 * Manifests that are no good, dropped into the folder of a running control process: each is told by
 * file, line, field and code, the rest goes on, and what was in force stays so, also when the
 * process is killed and reads the same files anew.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAgents } from '../../infra/demo/agents.ts';
import { type Control, createControl } from '../../infra/demo/control.ts';
import {
  egressNatObject,
  type KubernetesObject,
  namespaceObject,
  nodeObject,
  podObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import { createManifests, type Manifests } from '../../infra/demo/manifests.ts';
import { createMemoryStage } from '../../infra/demo/memory-stage.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import type { Status } from '../../services/console/status.ts';
import { systemClock } from '../../services/runtime/clock.ts';

const WAIT_MS = 20_000;
const POOL_FILE = 'natpool-blue.yaml';
const BAD_POOL = `apiVersion: berth.dev/v1alpha1
kind: NatPool
metadata:
  name: blue
spec:
  addresses: [203.0.113.16/28]
  ports:
    from: 1024
    to: 65535
    perPod: 1000
`;
const BAD_POD = `apiVersion: v1
kind: Pod
metadata:
  namespace: shop
  name: broken
spec:
  nodeName: [n1]
`;

let stage: Stage;
let manifests: Manifests;
let control: Control;

beforeAll(async () => {
  const clock = systemClock();
  const targets = [{ name: 'orders-db' }];
  stage = await createMemoryStage({ nodes: ['n1'], gateways: ['gw1'], targets }, clock);
  manifests = await createManifests(join(stage.runDir, 'manifests'));
  const dataDir = join(stage.runDir, 'data');
  control = createControl(
    {
      dataDir,
      source: { kind: 'manifests', path: manifests.dir },
      listen: stage.hubAddresses[0] ?? '',
      socket: join(stage.runDir, 'berth.sock'),
      logFile: join(stage.runDir, 'control.log'),
    },
    { clock, startProcess: stage.startProcess },
  );
  for (const node of stage.nodes) {
    await manifests.apply(nodeObject(node.name, node.address, node.gateway));
  }
  await manifests.apply(poolObject({ name: 'blue', addresses: stage.natCidrs, portsPerPod: 4096 }));
  for (const target of stage.targets) await manifests.apply(targetObject(target));
  await manifests.apply(namespaceObject('shop'));
  const podLabels = { app: 'checkout' };
  const egressNat = { namespace: 'shop', name: 'checkout', pool: 'blue', podLabels };
  await manifests.apply(egressNatObject({ ...egressNat, targets: ['orders-db'] }));
  await Promise.all([control.start(), createAgents(stage, dataDir).startAll()]);
});

afterAll(() => stage.destroy());

async function until(isSo: (status: Status) => boolean): Promise<Status> {
  const came = await control.waitUntil(isSo, WAIT_MS);
  if (!came || control.last === null)
    throw new Error(`it never came: ${JSON.stringify(control.last)}`);
  return control.last;
}

function pod(uid: string): KubernetesObject {
  const labels = { app: 'checkout' };
  return podObject({ namespace: 'shop', name: uid, uid, node: 'n1', labels });
}

/** Bound, and started once it may be. */
async function startPod(uid: string): Promise<void> {
  await stage.createPod({ uid, node: 'n1', bind: () => manifests.apply(pod(uid)) });
}

async function drop(name: string, text: string): Promise<void> {
  await writeFile(join(manifests.dir, name), text);
}

function berthsOf({ berths }: Status): Record<string, number> {
  return Object.fromEntries(berths.map(({ uid, base }) => [uid, base]));
}

function tells(status: Status, ...words: readonly string[]): boolean {
  return status.problems.some((problem) => words.every((word) => problem.includes(word)));
}

describe('a manifest that is refused', () => {
  test('is told by file, line, field and code; what it said before stays in force', async () => {
    await startPod('first');
    await drop(POOL_FILE, BAD_POOL);
    const status = await until(({ problemCount }) => problemCount > 0);
    const place = `${join(manifests.dir, POOL_FILE)}:10`;
    expect(status.problems).toEqual([expect.stringContaining(place)]);
    expect(status.problems[0]).toMatch(/BERTH_INPUT_\w+: spec\.ports\.perPod/);
    expect(Object.keys(berthsOf(status))).toEqual(['first']);
    expect(status.egressNats[0]?.addresses).toHaveLength(1);
  });

  test('keeps nobody else from being served', async () => {
    await drop('pod-shop-broken.yaml', BAD_POD);
    await startPod('second');
    await until((status) => tells(status, 'pod-shop-broken.yaml:7', 'spec.nodeName'));
    const status = await until(({ berths, converged }) => berths.length === 2 && converged);
    expect(Object.keys(berthsOf(status)).sort()).toEqual(['first', 'second']);
  });

  test('that is no YAML at all, or half written, is told with its line', async () => {
    await drop('torn.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: torn, namespace: [shop');
    await until((status) => tells(status, 'torn.yaml:', 'BERTH_INPUT_SYNTAX'));
  });

  test('changes nothing either when the control process is killed and reads it anew', async () => {
    const before = berthsOf(await until(({ converged }) => converged));
    await control.kill();
    await control.start();
    const again = await until((status) => {
      const isInSync = status.links.length === 2 && status.links.every(({ inSync }) => inSync);
      return isInSync && status.converged && tells(status, 'torn.yaml:');
    });
    expect(tells(again, POOL_FILE, 'spec.ports.perPod')).toBe(true);
    expect(berthsOf(again)).toEqual(before);
    expect(again.egressNats).toMatchObject([{ addresses: [expect.any(String)], waitsFor: null }]);
    await startPod('third');
    expect(Object.keys(berthsOf(await until(({ berths }) => berths.length === 3)))).toEqual([
      ...Object.keys(before),
      'third',
    ]);
  });

  test('holds a pod that went meanwhile, until everything can be read again', async () => {
    await control.kill();
    await manifests.delete(pod('second'));
    await control.start();
    const held = await until((status) => status.converged && tells(status, 'torn.yaml:'));
    // By the time that this one has its berth the list was taken.
    await startPod('fourth');
    const all = await until(({ berths }) => berths.some(({ uid }) => uid === 'fourth'));
    expect(Object.keys(berthsOf(all)).sort()).toEqual(['first', 'fourth', 'second', 'third']);
    await drop(POOL_FILE, BAD_POOL.replace('perPod: 1000', 'perPod: 2048'));
    await rm(join(manifests.dir, 'torn.yaml'));
    await rm(join(manifests.dir, 'pod-shop-broken.yaml'));
    const status = await until(({ berths, converged }) => converged && berths.length === 3);
    expect(Object.keys(berthsOf(status)).sort()).toEqual(['first', 'fourth', 'third']);
    expect(status.policyChanges).toBeGreaterThan(held.policyChanges);
  });
});
