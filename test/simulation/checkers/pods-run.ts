/**
 * When all is quiet, every pod that may run runs, and no other: it may when no EgressNat selects
 * it, or when it has a berth in force. Where there is room, every selected pod has all its berths.
 */
import type { World } from '../../../services/aggregates/world.ts';
import type { Kubelet } from '../processes/kubelet.ts';
import type { History } from '../surroundings.ts';
import { type Cluster, isOn } from '../world/cluster.ts';
import { openQuestions } from './open-questions.ts';

const RULE = 'pods run';

export function checkPodsRun(
  world: World,
  cluster: Cluster,
  kubelets: readonly Kubelet[],
  roomy: boolean,
  history: History,
): void {
  const waiting = [...world.aggregates()].flatMap((state) =>
    state.kind === 'namespace' ? openQuestions(state).map(([uid, nat]) => `${uid} of ${nat}`) : [],
  );
  if (roomy && waiting.length > 0) history.broken(RULE, `no berth: ${waiting.join(', ')}`);
  for (const { agent, running } of kubelets) {
    const runs = new Set(running.values());
    for (const { namespace, pod } of cluster.pods()) {
      if (!isOn(pod, agent.name)) continue;
      const berths = world.namespace(namespace)?.pods.get(pod.uid)?.berths.size ?? 0;
      const waits = waiting.some((text) => text.startsWith(`${pod.uid} of `));
      const may = berths > 0 || !waits;
      if (may && !runs.has(pod.uid)) history.broken(RULE, `${pod.uid} does not on ${agent.name}`);
      runs.delete(pod.uid);
    }
    for (const uid of runs) history.broken(RULE, `${uid} still does on ${agent.name}`);
  }
}
