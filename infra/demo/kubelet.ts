/**
 * Plays scheduler and kubelets: makes a pod's sandbox, binds it (its manifest names the node),
 * calls the agent as the CNI plugin does, and starts the pod once the answer is there. A pod that
 * goes loses its processes first, then its network, then its object, as in a real cluster.
 */
import { describeError } from '../../services/contract/errors.ts';
import type { PlannedPod } from './churn.ts';
import type { PodCounts } from './report.ts';
import type { Stage } from './stage.ts';

export interface Kubelet {
  readonly counts: PodCounts;
  create(pod: PlannedPod): Promise<void>;
  delete(pod: PlannedPod): Promise<void>;
}

/** Where a pod's object is written to, and removed from. */
export interface PodObjects {
  bound(pod: PlannedPod): Promise<void>;
  gone(pod: PlannedPod): Promise<void>;
}

const START_ATTEMPTS_MAX = 20;

export function createKubelet(
  stage: Stage,
  objects: PodObjects,
  news: (line: string) => void,
): Kubelet {
  const pods = new Map<string, PlannedPod>();
  let created = 0;
  let deleted = 0;

  /** A refused sandbox is tried again, as a kubelet does; the pod stays without network. */
  async function startSandbox(pod: PlannedPod): Promise<void> {
    for (let attempt = 1; pods.has(pod.uid); attempt++) {
      try {
        await stage.createPod({ uid: pod.uid, node: pod.node, bind: () => objects.bound(pod) });
        return;
      } catch (error) {
        news(`${pod.namespace}/${pod.name} waits: ${describeError(error)}`);
        if (attempt === START_ATTEMPTS_MAX) throw error;
      }
    }
  }

  return {
    get counts() {
      return { created, deleted, live: pods.size };
    },
    create: async (pod) => {
      pods.set(pod.uid, pod);
      created += 1;
      await startSandbox(pod);
    },
    delete: async (pod) => {
      pods.delete(pod.uid);
      deleted += 1;
      await stage.deletePod(pod.uid);
      await objects.gone(pod);
    },
  };
}
