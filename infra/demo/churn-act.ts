/**
 * The demo's main act: pods come, go and are replaced while clients talk; a policy grows; an agent,
 * the control process and a gateway are killed and started again; a gateway hands over.
 */
import { join } from 'node:path';
import type { Clock } from '../../services/runtime/clock.ts';
import { tellAdmissions } from './acl-gate.ts';
import type { Act } from './act.ts';
import { type ChurnPlan, type ChurnStep, type PlannedPod, planChurn } from './churn.ts';
import { playControlActs } from './control-acts.ts';
import { playGatewayActs } from './gateway-acts.ts';
import { killAndRestart } from './kills.ts';
import { createKubelet, type Kubelet } from './kubelet.ts';
import {
  egressNatObject,
  namespaceObject,
  nodeObject,
  podObject,
  poolObject,
  targetObject,
} from './kubernetes-objects.ts';
import { createManifests, type Manifests } from './manifests.ts';
import type { Outcomes } from './measured.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Stage } from './stage.ts';
import { agentOf, type Crew } from './victims.ts';

const PODS_AT_A_TIME = 24;
const REPLACEMENTS = 40;
/** When what happens, since the first pods run; gateways go when the control acts are over. */
const POLICY_CHANGE_AT_MS = 8_000;
const AGENT_KILL_AT_MS = 14_000;
const ONE_PROCESS = {
  seconds: 60,
  churnMs: 50_000,
  controlActsAtMs: 23_000,
  gatewayKillAtMs: 31_000,
};
/** Its acts are longer: a group takes 10 s to notice a member that is silent. */
const PROCESSES = {
  seconds: 95,
  churnMs: 75_000,
  controlActsAtMs: 20_000,
  gatewayKillAtMs: 31_000,
};
const POLICY_TIMEOUT_MS = 5_000;
const POOL = 'blue';
/** 15 blocks on an address, so that the demo grows beyond its first ones. */
const PORTS_PER_POD = 4096;
const APPS = [
  { namespace: 'shop', app: 'checkout' },
  { namespace: 'pay', app: 'billing' },
];

export interface ChurnActInit {
  /** What no other run has. */
  readonly run: string;
  readonly random: SeededRandom;
  readonly distributed: boolean;
  readonly news: (line: string) => void;
}

export async function createChurnAct(
  stage: Stage,
  { run, random, distributed, news }: ChurnActInit,
): Promise<Act> {
  const manifests = await createManifests(join(stage.runDir, 'manifests'));
  const nodes = stage.nodes.filter((node) => !node.gateway).map((node) => node.name);
  const plan = planChurn(
    { run, nodes, apps: APPS, pods: PODS_AT_A_TIME, replacements: REPLACEMENTS },
    random,
  );
  const objects = {
    bound: (pod: PlannedPod) => manifests.apply(podObject(pod)),
    gone: (pod: PlannedPod) => manifests.delete(podObject(pod)),
  };
  const kubelet = createKubelet(stage, objects, news);
  const times = distributed ? PROCESSES : ONE_PROCESS;
  return {
    source: { kind: 'manifests', path: manifests.dir },
    seconds: times.seconds,
    get counts() {
      return kubelet.counts;
    },
    refused: ({ problems, problemCount }) => ({ count: problemCount, some: problems }),
    writePolicies: () => writePolicies(stage, manifests),
    play: (crew) => play({ ...crew, kubelet, manifests, plan, times }),
  };
}

/** The last CIDR of the last target comes later. */
async function writePolicies(stage: Stage, { apply }: Manifests): Promise<void> {
  for (const { name, address, gateway } of stage.nodes) {
    await apply(nodeObject(name, address, gateway));
  }
  await apply(poolObject({ name: POOL, addresses: stage.natCidrs, portsPerPod: PORTS_PER_POD }));
  for (const [at, target] of stage.targets.entries()) {
    const isLast = at === stage.targets.length - 1;
    await apply(targetObject(isLast ? { ...target, cidrs: target.cidrs.slice(0, -1) } : target));
  }
  const targets = stage.targets.map((target) => target.name);
  for (const { namespace, app } of APPS) {
    await apply(namespaceObject(namespace));
    await apply(egressNatObject({ namespace, name: app, pool: POOL, podLabels: { app }, targets }));
  }
}

interface Play extends Crew {
  readonly clock: Clock;
  readonly kubelet: Kubelet;
  readonly manifests: Manifests;
  readonly plan: ChurnPlan;
  readonly times: typeof ONE_PROCESS;
}

async function play(acting: Play): Promise<Outcomes> {
  const { stage, kubelet, clock, plan, times, news } = acting;
  news(`starting ${plan.first.length} pods`);
  await Promise.all(plan.first.map((pod) => kubelet.create(pod)));
  const startedMs = clock.nowMs();
  const at = (ms: number): Promise<void> =>
    clock.sleep(Math.max(0, startedMs + ms - clock.nowMs()));
  const victim = stage.nodes[0]?.name ?? '';
  const over = new AbortController();
  // One thing after another, so that each answers for its own losses.
  const agentKilled = at(AGENT_KILL_AT_MS).then(() =>
    killAndRestart(agentOf(victim, acting), acting),
  );
  const controlHurt = Promise.all([agentKilled, at(times.controlActsAtMs)]).then(() =>
    playControlActs(acting),
  );
  const [, , agentRestart, ofControl, ofGateways] = await Promise.all([
    churn(acting).finally(() => over.abort()),
    at(POLICY_CHANGE_AT_MS).then(() => growPolicy(acting)),
    agentKilled,
    controlHurt,
    Promise.all([controlHurt, at(times.gatewayKillAtMs)]).then(() => playGatewayActs(acting)),
    tellAdmissions(acting, over.signal),
  ]);
  return { agentRestart, ...ofControl, ...ofGateways };
}

/** Steps start on time, whether or not the ones before are done: pods wait, the world does not. */
async function churn({ kubelet, clock, plan, times }: Play): Promise<void> {
  const pauseMs = times.churnMs / plan.steps.length;
  const started = new Map<string, Promise<void>>();
  const take = async (step: ChurnStep): Promise<void> => {
    if (step.do === 'create') return kubelet.create(step.pod);
    await started.get(step.pod.uid);
    return kubelet.delete(step.pod);
  };
  const underWay: Promise<void>[] = [];
  for (const step of plan.steps) {
    await clock.sleep(pauseMs);
    const taken = take(step);
    // It is waited for at the end; until then its failure is nobody's.
    taken.catch(() => undefined);
    if (step.do === 'create') started.set(step.pod.uid, taken);
    underWay.push(taken);
  }
  await Promise.all(underWay);
}

/** A destination that nobody is connected to becomes protected; once it is in force it is used. */
async function growPolicy({ stage, manifests, control, news }: Play): Promise<void> {
  const target = stage.targets.at(-1);
  if (target === undefined) return;
  const added = target.cidrs.at(-1);
  const before = control.last?.policyChanges ?? 0;
  news(`policy: ${target.name} gets ${added}`);
  await manifests.apply(targetObject(target));
  await control.waitUntil(
    ({ policyChanges, converged }) => policyChanges > before && converged,
    POLICY_TIMEOUT_MS,
  );
  if (stage.workload === null) return;
  const reached = await stage.workload.tryLateAddress();
  news(`policy: ${added} ${reached ? 'reached through a NAT address' : 'NOT reached'}`);
}
