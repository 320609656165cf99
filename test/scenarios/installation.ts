/**
 * A whole Berth in a lab, for scenarios: control process, an agent a node and a gateway, targets
 * with ACLs, manifests as the outside world. What a scenario does not name has a plain default.
 * Everything is real and everything goes with `await using`.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agents, createAgents } from '../../infra/demo/agents.ts';
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
import { createLabStage } from '../../infra/demo/lab-stage.ts';
import { createManifests, type Manifests } from '../../infra/demo/manifests.ts';
import { seededRandom } from '../../infra/demo/seeded-random.ts';
import type { Stage, StageTarget } from '../../infra/demo/stage.ts';
import type { Lab } from '../../infra/lab/lab.ts';
import type { LabPod } from '../../infra/lab/pods.ts';
import type { Status } from '../../services/console/status.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';

const WAIT_MS = 20_000;

export interface PodInit {
  readonly uid: string;
  /** @default the first node */
  readonly node?: string;
  /** @default shop */
  readonly namespace?: string;
  /** @default { app: 'checkout' } */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default the lowest free one */
  readonly ip?: LabPod['ip'];
  /** How long the CNI call is repeated. */
  readonly agentTimeoutMs?: number;
}

export interface Installation extends AsyncDisposable {
  readonly lab: Lab;
  readonly stage: Stage;
  readonly control: Control;
  readonly agents: Agents;
  readonly manifests: Manifests;
  /** Binds the pod and starts it, as scheduler and kubelet would. */
  startPod(init: PodInit): Promise<LabPod>;
  stopPod(init: PodInit): Promise<void>;
  /** Only the pod's object goes, as by a forced deletion; its processes run on. */
  deleteObject(init: PodInit): Promise<void>;
  /** @throws when it is not so in time */
  until(isSo: (status: Status) => boolean): Promise<Status>;
  leakedPackets(): Promise<number>;
}

export interface InstallationInit {
  /** @default 1 */
  readonly nodes?: number;
  /** @default 1 */
  readonly gateways?: number;
  /** How many, or each. @default 1 */
  readonly targets?: number | readonly StageTarget[];
  /** @default 4096 */
  readonly portsPerPod?: number;
  /** Instead of the default policies: pool `blue`, one EgressNat `checkout` in `shop`. */
  readonly policies?: (stage: Stage) => readonly KubernetesObject[];
}

export async function install(init: InstallationInit = {}): Promise<Installation> {
  const clock = systemClock();
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, at) => `${prefix}${at + 1}`);
  const { stage, lab } = await createLabStage(
    {
      nodes: names('n', init.nodes ?? 1),
      gateways: names('gw', init.gateways ?? 1),
      targets:
        typeof init.targets === 'object'
          ? init.targets
          : names('t', init.targets ?? 1).map((name) => ({ name })),
    },
    { clock, random: systemRandom(), picks: seededRandom(1) },
  );
  try {
    return await start(stage, lab, init);
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

async function start(stage: Stage, lab: Lab, init: InstallationInit): Promise<Installation> {
  const clock = systemClock();
  const manifests = await createManifests(join(stage.runDir, 'manifests'));
  const dataDir = join(stage.runDir, 'data');
  await mkdir(dataDir, { recursive: true });
  const control = createControl(
    {
      dataDir,
      source: { kind: 'manifests', path: manifests.dir },
      listen: stage.hubAddresses[0] ?? '',
      socket: join(stage.runDir, 'berth.sock'),
      logFile: join(stage.runDir, 'control.log'),
      secrets: stage.secretsDir,
    },
    { clock, startProcess: stage.startProcess },
  );
  const agents = createAgents(stage, dataDir);
  const policies = init.policies?.(stage) ?? defaultPolicies(stage, init.portsPerPod ?? 4096);
  for (const { name, address, gateway } of stage.nodes) {
    await manifests.apply(nodeObject(name, address, gateway));
  }
  for (const object of policies) await manifests.apply(object);
  await Promise.all([control.start(), agents.startAll()]);

  async function until(isSo: (status: Status) => boolean): Promise<Status> {
    if (!(await control.waitUntil(isSo, WAIT_MS)) || control.last === null) {
      throw new Error(`it never came so; the last status was ${JSON.stringify(control.last)}`);
    }
    return control.last;
  }

  const planned = (pod: PodInit) => ({
    namespace: pod.namespace ?? 'shop',
    name: pod.uid,
    uid: pod.uid,
    node: pod.node ?? stage.nodes[0]?.name ?? '',
    labels: pod.labels ?? { app: 'checkout' },
  });
  await until(
    ({ links }) =>
      links.filter((link) => link.connected && link.inSync).length === stage.nodes.length,
  );
  return {
    lab,
    stage,
    control,
    agents,
    manifests,
    until,
    startPod: async (pod) => {
      const { uid, node } = planned(pod);
      await manifests.apply(podObject(planned(pod)));
      const { ip, agentTimeoutMs } = pod;
      return lab.createPod({
        uid,
        node,
        ...(ip === undefined ? {} : { ip }),
        ...(agentTimeoutMs === undefined ? {} : { agentTimeoutMs }),
      });
    },
    stopPod: async (pod) => {
      await lab.deletePod(pod.uid);
      await manifests.delete(podObject(planned(pod)));
    },
    deleteObject: (pod) => manifests.delete(podObject(planned(pod))),
    leakedPackets: async () => (await stage.witnesses())?.leakedPackets ?? 0,
    [Symbol.asyncDispose]: () => lab.destroy(),
  };
}

export function defaultPolicies(stage: Stage, portsPerPod: number): KubernetesObject[] {
  const targets = stage.targets.map((target) => target.name);
  return [
    poolObject({ name: 'blue', addresses: stage.natCidrs, portsPerPod }),
    ...stage.targets.map(targetObject),
    namespaceObject('shop'),
    egressNatObject({
      namespace: 'shop',
      name: 'checkout',
      pool: 'blue',
      podLabels: { app: 'checkout' },
      targets,
    }),
  ];
}
