/**
 * In the lab, with the kernel's datapath and pods that talk: a node is cut off by its network, and
 * meanwhile a hub and a mapper are killed. What is behind the brokers' namespace is asked through
 * the console, which folds the whole history and compares the checkpoints; the targets count leaks.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAgents } from '../../infra/demo/agents.ts';
import {
  egressNatObject,
  namespaceObject,
  nodeObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import { createLabStage } from '../../infra/demo/lab-stage.ts';
import { createManifests, type Manifests } from '../../infra/demo/manifests.ts';
import { createRoleProcesses } from '../../infra/demo/role-processes.ts';
import { seededRandom } from '../../infra/demo/seeded-random.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { createChurn } from './churn.ts';
import { keep, noServers, waited } from './play.ts';
import { SCENARIOS, type ScenarioId } from './scenarios.ts';

const WAIT_MS = 90_000;
const CUT_MS = 6_000;
const LABELS = { app: 'checkout' };

/** As the others are, by its id. */
function scenario(id: ScenarioId, play: (id: ScenarioId) => Promise<void>): void {
  const { name, done } = SCENARIOS[id];
  test(`${name}: ${done}`, { timeout: 240_000 }, async (ctx) => {
    needsLab(ctx);
    ctx.skip(noServers !== null, noServers ?? '');
    await play(id);
  });
}

scenario('node-cut', async (id) => {
  const clock = systemClock();
  const { stage } = await createLabStage(
    { nodes: ['n1', 'n2'], gateways: ['gw1'], targets: [{ name: 'orders-db' }], hubs: 2 },
    { clock, random: systemRandom(), picks: seededRandom(1) },
  );
  try {
    const manifests = await createManifests(join(stage.runDir, 'manifests'));
    const dataDir = join(stage.runDir, 'data');
    await mkdir(dataDir, { recursive: true });
    await applyPolicies(stage, manifests);
    const socket = join(stage.runDir, 'berth.sock');
    const source = { kind: 'manifests', path: manifests.dir } as const;
    const init = { dataDir, source, socket, hubs: stage.hubAddresses };
    const control = createRoleProcesses(init, { stage, clock });
    await control.start();
    await createAgents(stage, dataDir).startAll();
    const random = seededRandom(1);
    const churn = createChurn({ stage, manifests, namespaces: ['shop'], labels: LABELS, random });
    const more = async (): Promise<void> => {
      const from = churn.started;
      await expect.poll(() => churn.started, { timeout: WAIT_MS }).toBeGreaterThan(from + 5);
    };
    churn.start();
    await more();
    const [hub, mapper] = [control.roles?.hubs[0], control.roles?.mappers[0]];
    await stage.network?.cut('n1');
    await Promise.all([hub?.kill(), mapper?.kill(), delay(CUT_MS)]);
    await stage.network?.heal('n1');
    await more();
    await Promise.all([hub?.start(), mapper?.start()]);
    await more();
    await churn.stop();
    const uids = churn.live().map(({ uid }) => uid);
    const came = await control.waitUntil(
      ({ converged, berths }) =>
        converged &&
        berths
          .map(({ uid }) => uid)
          .sort()
          .join() === [...uids].sort().join(),
      WAIT_MS,
    );
    const berths = control.last?.berths ?? [];
    expect([came, berths.length]).toEqual([true, uids.length]);
    const places = new Set(berths.map(({ address, base }) => `${address}:${base}`));
    expect(places.size).toBe(berths.length);
    const witnesses = await stage.witnesses();
    expect(witnesses?.leakedPackets).toBe(0);
    expect(witnesses?.natAddressesSeen.length).toBeGreaterThan(0);
    const told = 'converged, the console past all checkpoints; no berth doubled';
    keep(id, [waited(churn), told, '0 packets leaked']);
  } finally {
    await stage.destroy();
  }
});

async function applyPolicies(stage: Stage, manifests: Manifests): Promise<void> {
  for (const { name, address, gateway } of stage.nodes) {
    await manifests.apply(nodeObject(name, address, gateway));
  }
  await manifests.apply(poolObject({ name: 'blue', addresses: stage.natCidrs, portsPerPod: 1024 }));
  for (const target of stage.targets) await manifests.apply(targetObject(target));
  await manifests.apply(namespaceObject('shop'));
  const names = { namespace: 'shop', name: 'checkout', pool: 'blue' };
  const targets = stage.targets.map(({ name }) => name);
  await manifests.apply(egressNatObject({ ...names, podLabels: LABELS, targets }));
}
