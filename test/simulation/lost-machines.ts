/**
 * Machines that are lost: switched off, said to be so in one of the ways there are (or by nobody),
 * some of their pods deleted by force, and one day started anew. What is said of them is true: a
 * machine is off when it is fenced, and is started only when the log has heard that nothing is said
 * of it any more, as people would look. Whatever else goes wrong meanwhile may go wrong.
 */
import { isBerthError } from '../../services/contract/errors.ts';
import type { NodeName } from '../../services/contract/identity.ts';
import { type NodeFromApi, nodeApiKey } from '../../services/contract/node-records.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import type { Hub } from './processes/hub.ts';
import type { Kubelet } from './processes/kubelet.ts';
import type { Process } from './processes/process.ts';
import type { Surroundings } from './surroundings.ts';
import type { Cluster } from './world/cluster.ts';
import type { SimulatedEventLog } from './world/event-log.ts';
import { GATEWAY, node } from './world/scenery.ts';

export interface LostMachinesInit {
  readonly kubelets: readonly Kubelet[];
  readonly hubs: readonly Hub[];
  readonly cluster: Cluster;
  readonly eventLog: SimulatedEventLog;
  readonly longestMs: number;
  /** Runs after so long, whoever died meanwhile. */
  readonly later: (ms: number, run: () => void) => void;
}

export interface LostMachines {
  /** One more, if there is one left. */
  lose(): void;
  /** Its agent must not be started. */
  isOff(process: Process): boolean;
  /** All that are off come back. */
  bringBack(): void;
}

type Statement = 'nobody' | 'taint' | 'deleted' | 'operator';

const STATEMENTS: readonly Statement[] = ['nobody', 'taint', 'deleted', 'operator'];
const LOOK_EVERY_MS = 1000;
const FORCED = 0.6;

export function createLostMachines(
  init: LostMachinesInit,
  { dice, history }: Surroundings,
): LostMachines {
  const { kubelets, hubs, cluster, eventLog, longestMs, later } = init;
  const off = new Map<NodeName, Kubelet>();
  const coming = new Set<NodeName>();

  const inService = (name: NodeName) => node(name, name === GATEWAY);

  function lose(): void {
    const kubelet = dice.pick(kubelets);
    const { agent } = kubelet;
    const { name } = agent;
    if (off.has(name)) return;
    history.tell(name, 'is switched off');
    off.set(name, kubelet);
    agent.kill();
    agent.machine.bootId = dice.id();
    agent.machine.kernel.reboot();
    kubelet.powerOff();
    later(dice.next() * longestMs, () => state(name, dice.pick(STATEMENTS)));
    for (const { namespace, pod } of cluster.pods()) {
      if (pod.node !== name || !dice.chance(FORCED)) continue;
      const key = { kind: 'Pod', namespace, uid: pod.uid } as const;
      later(dice.next() * longestMs, () => cluster.remove(key));
    }
    later(dice.next() * longestMs * 3, () => comeBack(name));
  }

  function state(name: NodeName, statement: Statement): void {
    // Who says so looks first whether it is still off.
    if (!off.has(name) || coming.has(name)) return;
    history.tell(name, `is said to be off: ${statement}`);
    if (statement === 'deleted') cluster.remove({ kind: 'Node', name });
    if (statement === 'taint') {
      const object = inService(name);
      if (object.kind !== 'Node') return;
      cluster.put({ ...object, facts: { ...object.facts, outOfService: true } });
    }
    if (statement !== 'operator') return;
    const serving = hubs.flatMap((hub) => hub.serving() ?? []);
    if (serving.length === 0) return;
    const { core } = dice.pick(serving);
    core.operators.fence(name, { force: dice.chance(0.5) }).catch((error: unknown) => {
      if (!isBerthError(error)) throw error;
      history.tell(name, error.message);
    });
  }

  function comeBack(name: NodeName): void {
    if (!off.has(name) || coming.has(name)) return;
    coming.add(name);
    cluster.put(inService(name));
    startWhenHeard(name);
  }

  function startWhenHeard(name: NodeName): void {
    const record = eventLog.latest(TOPICS.nodes.name).get(nodeApiKey(name))?.value;
    const said = (record as unknown as NodeFromApi | undefined)?.facts ?? null;
    if (said === null || said.outOfService) {
      later(LOOK_EVERY_MS, () => startWhenHeard(name));
      return;
    }
    history.tell(name, 'is started anew');
    const kubelet = off.get(name);
    off.delete(name);
    coming.delete(name);
    kubelet?.reboot();
    kubelet?.agent.start();
  }

  return {
    lose,
    isOff: ({ name }) => off.has(name),
    bringBack: () => {
      for (const name of off.keys()) comeBack(name);
    },
  };
}
