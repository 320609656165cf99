/**
 * The lab: nodes, gateways, targets, a control host and pods as network namespaces of one machine,
 * joined by a bridge. The demo, the scenarios and the benchmarks run in it.
 *
 * It promises to leave nothing behind: `destroy` removes all, and when the creating process dies
 * first, a reaper does (`reaper.ts`). Everything is asynchronous; several labs may exist at once.
 */
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Random } from '../../services/runtime/random.ts';
import { type Capture, startCapture } from './capture.ts';
import { destroyLab } from './destroy.ts';
import { buildNetwork, hostsOf, remakeUplink, setBetween, setFabricPort } from './network.ts';
import { type LabHost, type LabInit, type LabNode, type LabPlan, planLab } from './plan.ts';
import { type LabPod, labPods, type PodInit, type Pods } from './pods.ts';
import { type LabProcess, type ProcessInit, startInNetns } from './processes.ts';
import { type Reaper, startReaper } from './reaper.ts';
import { claimRunFolder, furnishRunFolder } from './run-folder.ts';
import { createTarget, ECHO_PORT, type LabTarget } from './targets.ts';
import { startTraffic, type Traffic } from './traffic/traffic.ts';

export interface LabComponents {
  readonly clock: Clock;
  readonly random: Random;
}

export interface Lab {
  readonly id: string;
  readonly runDir: string;
  readonly plan: LabPlan;
  readonly nodes: readonly LabNode[];
  readonly gateways: readonly LabNode[];
  readonly targets: readonly LabTarget[];
  /** Where `berth up` runs; agents reach the hub at its `uplinkIp`. */
  readonly control: LabHost;
  /** An ordinary server outside all protected CIDRs; echoes at `address`, `port`. */
  readonly outside: LabPlan['outside'] & { readonly port: number };
  /** One process for all clients and servers of the lab. */
  readonly traffic: Traffic;
  /**
   * Makes the namespace, calls the node's agent as the CNI plugin does and waits for its answer,
   * then sets the port range. When the agent refuses, the pod is taken down again.
   * @throws BERTH_LAB_POD_REFUSED, with the agent's code and message
   */
  createPod(init: PodInit): Promise<LabPod>;
  /**
   * Ends the pod's sockets, tells the agent, removes the namespace; a creation under way is given
   * up first. Unknown uid: nothing happens.
   * @throws BERTH_LAB_POD_REFUSED when the agent could not be told; the pod is gone all the same.
   */
  deletePod(uid: string): Promise<void>;
  /** Those that run. */
  pods(): readonly LabPod[];
  /** In the host's namespace; ends with the lab. */
  startProcess(host: LabHost, init: ProcessInit): Promise<LabProcess>;
  /** Packets towards protected CIDRs as they enter the fabric, whoever sends them. */
  startCapture(): Promise<Capture>;
  /** The host's link to the fabric goes down. */
  cutNode(name: string): Promise<void>;
  healNode(name: string): Promise<void>;
  /** The host's uplink is deleted and made again, with its addresses and routes. */
  remakeUplink(name: string): Promise<void>;
  /** These two do not reach each other any more; all others they do. */
  cutBetween(a: string, b: string): Promise<void>;
  healBetween(a: string, b: string): Promise<void>;
  destroy(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const DRAWS_MAX = 20;
const DRAWN_ID_LENGTH = 4;

/** @throws BERTH_LAB_NEEDS_ROOT, BERTH_CONFIG_BAD, BERTH_LAB_COMMAND, BERTH_LAB_TRAFFIC */
export async function createLab(init: LabInit, components: LabComponents): Promise<Lab> {
  if (process.getuid?.() !== 0) throw berthError('BERTH_LAB_NEEDS_ROOT', {});
  const plan = await claimPlan(init, components.random);
  const reaper = startReaper(plan.id);
  try {
    return await build(plan, reaper, components);
  } catch (error) {
    await destroyLab(plan.id);
    await reaper.dismiss();
    throw error;
  }
}

/** The plan of a lab whose id nobody else has. */
async function claimPlan(init: LabInit, random: Random): Promise<LabPlan> {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const plan = planLab(init.id ?? drawId(random), init);
    if (await claimRunFolder(plan.id)) return plan;
    if (init.id !== undefined) break;
  }
  throw berthError('BERTH_CONFIG_BAD', { field: 'lab id', reason: 'it is in use' });
}

function drawId(random: Random): string {
  return random.id().replaceAll('-', '').slice(0, DRAWN_ID_LENGTH);
}

async function build(plan: LabPlan, reaper: Reaper, components: LabComponents): Promise<Lab> {
  await furnishRunFolder(plan);
  await buildNetwork(plan);
  const logFile = `${plan.runDir}/traffic.log`;
  const [traffic, targets] = await Promise.all([
    startTraffic({ labId: plan.id, logFile }, components.clock),
    Promise.all(plan.targets.map((target) => createTarget(plan, target, components.clock))),
    reaper.watching,
  ]);
  await Promise.all(
    [...plan.targets, plan.outside].map((host) => traffic.serve(host.netns, ECHO_PORT)),
  );
  const pods = labPods(plan, { clock: components.clock, traffic });
  return labOf({ plan, reaper, traffic, targets, pods, clock: components.clock });
}

interface Parts {
  readonly plan: LabPlan;
  readonly reaper: Reaper;
  readonly traffic: Traffic;
  readonly targets: readonly LabTarget[];
  readonly pods: Pods;
  readonly clock: Clock;
}

function labOf({ plan, reaper, traffic, targets, pods, clock }: Parts): Lab {
  const hostNamed = (name: string): LabHost => {
    const host = hostsOf(plan).find((each) => each.name === name);
    if (host === undefined) {
      throw berthError('BERTH_CONFIG_BAD', { field: 'lab host', reason: `no host ${name}` });
    }
    return host;
  };
  let destroyed: Promise<void> | null = null;
  const destroy = (): Promise<void> => {
    destroyed ??= (async () => {
      await traffic.close();
      await destroyLab(plan.id);
      await reaper.dismiss();
    })();
    return destroyed;
  };
  return {
    id: plan.id,
    runDir: plan.runDir,
    plan,
    nodes: plan.nodes,
    gateways: plan.gateways,
    targets,
    control: plan.control,
    outside: { ...plan.outside, port: ECHO_PORT },
    traffic,
    createPod: pods.create,
    deletePod: pods.delete,
    pods: pods.list,
    startProcess: (host, init) => startInNetns(plan.id, host.netns, init, clock),
    startCapture: () => startCapture(plan, traffic),
    cutNode: (name) => setFabricPort(plan, hostNamed(name), 'down'),
    healNode: (name) => setFabricPort(plan, hostNamed(name), 'up'),
    remakeUplink: (name) => remakeUplink(plan, hostNamed(name)),
    cutBetween: (a, b) => setBetween(plan, [hostNamed(a), hostNamed(b)], 'cut'),
    healBetween: (a, b) => setBetween(plan, [hostNamed(a), hostNamed(b)], 'whole'),
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}
