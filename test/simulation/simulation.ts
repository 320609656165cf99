/**
 * One schedule of the whole system: real mappers, watchers, hub cores and agent cores over a
 * simulated log, network, disk, kernel and time. A busy phase with faults and disasters, then a
 * quiet one in which everybody lives and nothing fails; the checkers look all the time, and at the
 * end. The same seed and options give the same schedule, task by task.
 */
import type { NodeRecord } from '../../services/contract/node-records.ts';
import type { LoggedEvent } from '../../services/contract/records.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import { createAclMishaps } from './acl-mishaps.ts';
import { createAclGate } from './checkers/acl-gate.ts';
import { checkAclsInForce } from './checkers/acls-in-force.ts';
import { checkAgentsEqualLog } from './checkers/agent-equals-log.ts';
import { checkAnothersBerth } from './checkers/anothers-berth.ts';
import { createBooks } from './checkers/books.ts';
import { checkConverged } from './checkers/converges.ts';
import { checkPodsRun } from './checkers/pods-run.ts';
import { createSingleOwner } from './checkers/single-owner.ts';
import { createVersionOrder } from './checkers/version-order.ts';
import { createDice } from './dice.ts';
import { createDisasters } from './disasters.ts';
import { createLogMoves } from './log-moves.ts';
import { createLostMachines } from './lost-machines.ts';
import { NO_FAULTS, type SimulationOptions } from './options.ts';
import { type Agent, agentProcess } from './processes/agent.ts';
import { contraryMapper } from './processes/contrary-mapper.ts';
import { type ControlWorld, mapperProcess, watcherProcess } from './processes/control.ts';
import { courierProcess } from './processes/courier.ts';
import { hubProcess } from './processes/hub.ts';
import { createKubelet, type Kubelet } from './processes/kubelet.ts';
import type { Process } from './processes/process.ts';
import { createScheduler, newLife } from './scheduler.ts';
import { createHistory, type Surroundings } from './surroundings.ts';
import { createWorkload } from './workload.ts';
import { createAclServers } from './world/acl-servers.ts';
import { createCluster } from './world/cluster.ts';
import { simulatedJobs } from './world/jobs.ts';
import { checkpointsOf, movingLog } from './world/moving-log.ts';
import { createNetwork } from './world/network.ts';
import { createNodeDisk } from './world/node-disk.ts';
import { createNodeKernel, type NodeKernel } from './world/node-kernel.ts';
import { GATEWAY, NODES } from './world/scenery.ts';

export interface SimulationResult {
  readonly seed: number;
  /** Null: every rule held. */
  readonly violation: string | null;
  readonly steps: number;
  readonly events: readonly LoggedEvent[];
  /** What happened, the latest last. */
  readonly history: readonly string[];
}

const START_MS = Date.UTC(2026, 0, 1);
const ACTION_EVERY_MS = 3000;
const RESTART_LOOK_MS = 2000;
/** Longer than every retry, back-off and quarantine one after the other. */
const QUIET_MS = 150_000;
/** What ACL servers lose then is rewritten before the end. */
const LOSS_WITHIN_MS = 60_000;

export async function simulate(
  seed: number,
  options: SimulationOptions,
): Promise<SimulationResult> {
  const dice = createDice(seed);
  const scheduler = createScheduler(START_MS);
  const history = createHistory(scheduler);
  const { faults } = options;
  const atEnd = new Set<() => void>();
  const surroundings: Surroundings = { scheduler, dice, faults, history, atEnd };
  const director = newLife('director');
  const later = (ms: number, run: () => void): void => {
    scheduler.later(director, ms, run);
  };

  const singleOwner = createSingleOwner(history);
  const versions = createVersionOrder(history);
  const eventLog = movingLog(surroundings, (event) => {
    const effects = truth.apply(event);
    books.event(event, effects);
    gate.event(event, effects);
    history.tell('log', eventText(event, effects.ignored));
  });
  const { truth } = eventLog;
  const books = createBooks(truth, history, singleOwner.granted);
  const gate = createAclGate(truth, () => servers, history);
  const servers = createAclServers(surroundings, gate.serverChanged);
  const jobs = simulatedJobs(surroundings);
  const cluster = createCluster((what) => history.tell('cluster', what));
  const control: ControlWorld = { eventLog, jobs, cluster };
  // Two control processes with a store each, or both with one.
  const shared = checkpointsOf(eventLog, surroundings);
  const kept = [shared, dice.chance(0.5) ? shared : checkpointsOf(eventLog, surroundings)];
  // Where there is one of a kind, nobody else does what it leaves undone.
  const some = () => kept.slice(0, dice.chance(0.3) ? 1 : 2);
  const mappers = some().map((one, i) => mapperProcess(`mapper-${i}`, surroundings, control, one));
  const hubs = some().map((one, i) => hubProcess(`hub-${i}`, surroundings, control, one));
  const watchers = kept.map((one, i) => watcherProcess(`watcher-${i}`, surroundings, control, one));
  const couriers = (options.webhook ? some() : []).map((one, i) =>
    courierProcess(`courier-${i}`, surroundings, control, one, servers),
  );
  const network = createNetwork(surroundings, hubs);

  const kubelets: Kubelet[] = [];
  const onKernelChange = (kernel: NodeKernel, table: string): void => {
    if (table !== 'pods') return;
    singleOwner.kernelChanged(kernel);
    gate.kernelChanged(kernel);
    const kubelet = kubelets.find(({ agent }) => agent.name === kernel.node);
    if (kubelet !== undefined) checkAnothersBerth(kubelet, books, history);
  };
  const agents: Agent[] = [...NODES, GATEWAY].map((node, i) => {
    const kernel = createNodeKernel(node, surroundings, onKernelChange);
    const disk = createNodeDisk(surroundings);
    const machine = { node, number: i + 1, kernel, disk, bootId: dice.id() };
    return agentProcess(machine, surroundings, network, versions.acked);
  });
  const onRunning = (kubelet: Kubelet): void => checkAnothersBerth(kubelet, books, history);
  for (const agent of agents) {
    kubelets.push(createKubelet({ onRunning }, agent, cluster, surroundings));
  }

  const workload = createWorkload(options, cluster, dice);
  const heldDown = new Set<Process>();
  const contrary = [contraryMapper('contrary', surroundings, control)];
  const others = dice.chance(0.5) ? contrary : [];
  const supervised = [...mappers, ...others, ...couriers, ...hubs, ...agents];
  const longestMs = options.disasterMs;
  const lost = createLostMachines(
    { kubelets, hubs, cluster, eventLog, longestMs, later },
    surroundings,
  );
  const { isOff } = lost;
  const disaster = createDisasters(
    { supervised, watchers, kubelets, network, eventLog, jobs, longestMs, heldDown, isOff, later },
    surroundings,
  );
  const moves = createLogMoves(
    {
      log: eventLog,
      control: [...mappers, ...others, ...couriers, ...hubs, ...watchers],
      early: [...mappers, ...hubs, ...couriers],
      heldDown,
      later,
    },
    surroundings,
  );
  const acls = createAclMishaps({ servers, longestMs, later }, surroundings);
  const isOver = (): boolean => history.violation !== null;
  const everySecond = (): void => {
    for (const agent of agents) versions.look(agent);
    for (const process of supervised) {
      if (!heldDown.has(process) && !isOff(process) && dice.chance(0.3)) process.start();
    }
    const isWatched = watchers.some(({ life }) => life !== null);
    if (!isWatched && !moves.isMoving) dice.pick(watchers).start();
    later(dice.next() * RESTART_LOOK_MS, everySecond);
  };

  workload.begin();
  for (const process of supervised) process.start();
  everySecond();
  const busyMs = options.actions * ACTION_EVERY_MS;
  for (let i = 0; i < options.actions; i++) later(dice.next() * busyMs, workload.act);
  for (let i = 0; i < options.disasters; i++) later(dice.next() * busyMs, disaster);
  for (let i = 0; i < options.aclMishaps; i++) later(dice.next() * busyMs, acls.happen);
  for (let i = 0; i < options.lostMachines; i++) later(dice.next() * busyMs, lost.lose);
  for (let i = 0; i < options.moves; i++) later(dice.next() * busyMs, moves.move);
  await scheduler.runUntil(START_MS + busyMs, isOver);

  if (!isOver()) {
    history.tell('director', 'all is quiet from here on');
    surroundings.faults = NO_FAULTS;
    eventLog.clockOffsetMs = 0;
    network.cutOff.clear();
    for (const process of agents) heldDown.delete(process);
    if (!moves.isMoving) heldDown.clear();
    for (const { life } of [...supervised, ...watchers]) {
      if (life !== null) life.lagsUntilMs = scheduler.nowMs;
    }
    const [keeps, ends] = dice.chance(0.5) ? watchers : [...watchers].reverse();
    if (!moves.isMoving) keeps?.start();
    ends?.kill();
    const roomy = dice.chance(0.5);
    if (roomy) workload.makeRoom();
    lost.bringBack();
    acls.heal();
    later(dice.next() * LOSS_WITHIN_MS, acls.lose);
    for (const process of supervised) {
      if (!isOff(process) && !heldDown.has(process)) process.start();
    }
    await scheduler.runUntil(START_MS + busyMs + QUIET_MS, isOver);
    if (!isOver()) {
      checkAclsInForce(truth, servers, history);
      checkConverged(truth, cluster, history);
      checkAgentsEqualLog(truth, nodeRecords(), kubelets, history);
      checkPodsRun(truth, cluster, kubelets, roomy, history);
    }
  }

  function nodeRecords(): NodeRecord[] {
    const latest = eventLog.latest(TOPICS.nodes.name).values();
    return [...latest].map(({ value }) => value as unknown as NodeRecord);
  }

  for (const process of [...supervised, ...watchers]) process.kill();
  for (const end of atEnd) end();
  return {
    seed,
    violation: history.violation,
    steps: scheduler.steps,
    events: eventLog.events,
    history: history.lines(),
  };
}

function eventText({ partition, offset, record }: LoggedEvent, ignored: string | null): string {
  const { aggregate, body, source } = record;
  const { type, ...rest } = body;
  const by = source === null ? '' : ` by ${source.by} ${source.number}`;
  const fate = ignored === null ? '' : ` IGNORED ${ignored}`;
  return `${partition}:${offset} ${aggregate} ${type}${by}${fate} ${JSON.stringify(rest)}`;
}
