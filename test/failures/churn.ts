/**
 * Pods that come and go without a pause, as a scheduler and kubelets would have it: a refused
 * sandbox is tried again. While something is broken they wait; how long the longest waited is what
 * an operator wants to know of a failure.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedPod } from '../../infra/demo/churn.ts';
import { createKubelet } from '../../infra/demo/kubelet.ts';
import { podObject } from '../../infra/demo/kubernetes-objects.ts';
import type { Manifests } from '../../infra/demo/manifests.ts';
import type { SeededRandom } from '../../infra/demo/seeded-random.ts';
import type { Stage } from '../../infra/demo/stage.ts';

const PODS = 12;
const AT_ONCE = 3;
const PAUSE_MS = 100;

export interface Churn {
  start(): void;
  /** Ends when the last pod that was begun has its network. */
  stop(): Promise<void>;
  /** Those that run, once it has stopped. */
  live(): readonly PlannedPod[];
  readonly started: number;
  /** From the start of a pod to its network, since the last `start`. */
  readonly longestWaitMs: number;
}

export interface ChurnInit {
  readonly stage: Stage;
  readonly manifests: Manifests;
  readonly namespaces: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly random: SeededRandom;
}

export function createChurn({ stage, manifests, namespaces, labels, random }: ChurnInit): Churn {
  const nodes = stage.nodes.filter(({ gateway }) => !gateway);
  const objects = {
    bound: (pod: PlannedPod) => manifests.apply(podObject(pod)),
    gone: (pod: PlannedPod) => manifests.delete(podObject(pod)),
  };
  const kubelet = createKubelet(stage, objects, () => {});
  const live: PlannedPod[] = [];
  let made = 0;
  let longestWaitMs = 0;
  let runs: AbortController | null = null;
  let workers: Promise<void>[] = [];

  async function create(): Promise<void> {
    made += 1;
    const namespace = namespaces[made % namespaces.length] ?? '';
    const name = `pod-${made}`;
    const node = nodes[random.below(nodes.length)]?.name ?? '';
    const pod = { namespace, name, uid: `${namespace}-${name}`, node, labels };
    live.push(pod);
    const from = performance.now();
    await kubelet.create(pod);
    longestWaitMs = Math.max(longestWaitMs, performance.now() - from);
  }

  async function replaceAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (live.length >= PODS) {
        const [gone] = live.splice(random.below(live.length), 1);
        if (gone !== undefined) await kubelet.delete(gone);
      }
      await create();
      await delay(PAUSE_MS);
    }
  }

  return {
    start: () => {
      const abort = new AbortController();
      runs = abort;
      longestWaitMs = 0;
      workers = Array.from({ length: AT_ONCE }, () => replaceAll(abort.signal));
      // Heard by whoever stops it.
      for (const worker of workers) worker.catch(() => {});
    },
    stop: async () => {
      runs?.abort();
      await Promise.all(workers);
    },
    live: () => [...live],
    get started() {
      return made;
    },
    get longestWaitMs() {
      return longestWaitMs;
    },
  };
}
