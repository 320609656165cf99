/**
 * Every role as a process of its own on a real Kafka and a real Redis, two of those that may go:
 * pods get berths, whoever is killed, and what two processes of one role do at once does no harm.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAgents } from '../../infra/demo/agents.ts';
import type { Control, RoleProcess } from '../../infra/demo/control.ts';
import {
  egressNatObject,
  namespaceObject,
  nodeObject,
  podObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import { createManifests, type Manifests } from '../../infra/demo/manifests.ts';
import { createMemoryStage } from '../../infra/demo/memory-stage.ts';
import { createRoleProcesses } from '../../infra/demo/role-processes.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import { noKafka } from '../../infra/kafka/java.ts';
import { noRedis } from '../../infra/redis/binary.ts';
import type { Status } from '../../services/console/status.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { sharedKafka, sharedRedis } from '../servers/shared-servers.ts';

const noServers = noKafka ?? noRedis;
const WAIT_MS = 60_000;
/** As many as are made where nobody says how many. */
const PARTITIONS = 12;
const NAMESPACES = ['shop', 'pay', 'mail'];

let stage: Stage;
let control: Control;
let manifests: Manifests;

beforeAll(async () => {
  if (noServers !== null) return;
  const clock = systemClock();
  const init = { nodes: ['n1'], gateways: ['gw1'], targets: [{ name: 'orders-db' }], hubs: 2 };
  stage = await createMemoryStage(init, clock);
  manifests = await createManifests(join(stage.runDir, 'manifests'));
  const dataDir = join(stage.runDir, 'data');
  control = createRoleProcesses(
    {
      dataDir,
      source: { kind: 'manifests', path: manifests.dir },
      socket: join(stage.runDir, 'berth.sock'),
      hubs: stage.hubAddresses,
      servers: { kafka: await sharedKafka(), redis: await sharedRedis(), pids: {} },
      prefix: `roles-${process.pid}`,
    },
    { stage, clock },
  );
  for (const { name, address, gateway } of stage.nodes) {
    await manifests.apply(nodeObject(name, address, gateway));
  }
  await manifests.apply(poolObject({ name: 'blue', addresses: stage.natCidrs, portsPerPod: 1024 }));
  for (const target of stage.targets) await manifests.apply(targetObject(target));
  for (const namespace of NAMESPACES) {
    await manifests.apply(namespaceObject(namespace));
    const podLabels = { app: 'checkout' };
    const targets = ['orders-db'];
    await manifests.apply(
      egressNatObject({ namespace, name: 'checkout', pool: 'blue', podLabels, targets }),
    );
  }
  await control.start();
  await createAgents(stage, dataDir).startAll();
}, 120_000);

afterAll(() => stage?.destroy());

/** One in each namespace, so that every mapper has something to do. */
async function startPods(name: string): Promise<string[]> {
  const pods = NAMESPACES.map((namespace) => ({ namespace, uid: `${namespace}-${name}` }));
  await Promise.all(
    pods.map(({ namespace, uid }) => {
      const labels = { app: 'checkout' };
      const pod = podObject({ namespace, name, uid, node: 'n1', labels });
      return stage.createPod({ uid, node: 'n1', bind: () => manifests.apply(pod) });
    }),
  );
  return pods.map(({ uid }) => uid);
}

async function until(isSo: (status: Status) => boolean): Promise<Status> {
  const came = await control.waitUntil(isSo, WAIT_MS);
  if (!came || control.last === null) {
    throw new Error(`it never came so: ${JSON.stringify(control.last)}`);
  }
  return control.last;
}

async function untilAllHaveBerths(uids: readonly string[]): Promise<void> {
  const { berths } = await until(
    (status) =>
      status.converged && uids.every((uid) => status.berths.some((berth) => berth.uid === uid)),
  );
  const blocks = berths.map(({ address, base }) => `${address}:${base}`);
  expect(new Set(blocks).size).toBe(blocks.length);
}

async function ownedBy(mappers: readonly RoleProcess[]): Promise<number> {
  const owned = await Promise.all(mappers.map((each) => each.metric('berth_mapper_partitions')));
  return owned.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

async function untilAllAreOf(mapper: RoleProcess | undefined): Promise<void> {
  const owned = () => ownedBy(mapper === undefined ? [] : [mapper]);
  await vi.waitUntil(async () => (await owned()) === PARTITIONS, { timeout: WAIT_MS });
}

describe('an installation of processes', () => {
  test('gives pods their berths, and says what it stands on', async (context) => {
    context.skip(noServers !== null, noServers ?? '');
    await untilAllHaveBerths(await startPods('a'));
    expect(control.last?.adapters).toEqual({
      eventLog: 'kafka',
      jobs: 'bullmq',
      source: 'manifests',
    });
    const roles = control.last?.processes.filter(({ isLive }) => isLive).flatMap((p) => p.roles);
    expect(roles?.toSorted()).toEqual([
      'console',
      'courier',
      'hub',
      'hub',
      'janitor',
      'mapper',
      'mapper',
      'watcher',
    ]);
  });

  test('has a successor for each mapper that is killed', async (context) => {
    context.skip(noServers !== null, noServers ?? '');
    const mappers = control.roles?.mappers ?? [];
    await vi.waitUntil(async () => (await ownedBy(mappers)) === PARTITIONS, { timeout: WAIT_MS });
    const [victim, successor] = mappers;
    await victim?.kill();
    await untilAllHaveBerths(await startPods('b'));
    await untilAllAreOf(successor);
    await victim?.start();
    await vi.waitUntil(async () => victim?.isReady(), { timeout: WAIT_MS });
    await untilAllHaveBerths(await startPods('c'));
  });

  test('lets agents go to the other hub when theirs is killed', async (context) => {
    context.skip(noServers !== null, noServers ?? '');
    const hubs = control.roles?.hubs ?? [];
    for (const hub of hubs) {
      const [other] = hubs.filter((each) => each !== hub);
      await hub.kill();
      await vi.waitUntil(async () => (await other?.metric('berth_hub_links')) === 2, {
        timeout: WAIT_MS,
      });
      await untilAllHaveBerths(await startPods(`after-${hub.name}`));
      await hub.start();
      await vi.waitUntil(() => hub.isReady(), { timeout: WAIT_MS });
    }
  });

  test('hears of a process that stops in order, and goes on at once', async (context) => {
    context.skip(noServers !== null, noServers ?? '');
    const [mapper, other] = control.roles?.mappers ?? [];
    await mapper?.stop();
    const name = mapper?.name;
    await until(({ processes }) => processes.some((p) => p.process === name && p.hasEnded));
    await untilAllAreOf(other);
  });
});
