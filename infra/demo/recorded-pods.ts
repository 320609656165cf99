/**
 * Plays the kubelets of a recording: a pod that the stream shows on a node gets a sandbox there,
 * tried again while the pod is wanted; one that is finished or deleted loses its processes before
 * the line that says so is played, as in the cluster that was recorded, and its network after it.
 */
import { describeError } from '../../services/contract/errors.ts';
import type { PodUid } from '../../services/contract/identity.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { RecordedPod } from './recorded-pod.ts';
import type { PodCounts } from './report.ts';
import type { Stage } from './stage.ts';

export interface RecordedPods {
  readonly counts: PodCounts;
  /** Before the lines of these pods are played. */
  before(pods: readonly RecordedPod[]): Promise<void>;
  /** Once they are; sandboxes come and go in the background. */
  after(pods: readonly RecordedPod[]): void;
  /** No pod is tried again; ends when all that is under way has ended. */
  settled(): Promise<void>;
}

export interface RecordedPodsInit {
  readonly stage: Stage;
  /** Names of the targets that the pod's clients may talk to. */
  readonly talksTo: (pod: RecordedPod) => readonly string[];
  readonly news: (line: string) => void;
}

/** Sandboxes that are made at once; the machine is not a whole cluster. */
const STARTS_MAX = 32;

const AGAIN_MS = 500;

interface Sandbox {
  readonly pod: RecordedPod;
  wanted: boolean;
  /** Ends, without an error, when it runs or is given up. */
  readonly started: Promise<void>;
}

export function createRecordedPods(
  { stage, talksTo, news }: RecordedPodsInit,
  clock: Clock,
): RecordedPods {
  const nodes = new Set(stage.nodes.filter((node) => !node.gateway).map((node) => node.name));
  const present = new Map<PodUid, boolean>();
  const deleted = new Set<PodUid>();
  const sandboxes = new Map<PodUid, Sandbox>();
  const leaving = new Map<PodUid, Promise<void>>();
  const inSlot = slots(STARTS_MAX);
  let ending = false;

  async function start(sandbox: Sandbox, node: string): Promise<void> {
    const { uid, namespace } = sandbox.pod;
    while (sandbox.wanted) {
      try {
        const targets = talksTo(sandbox.pod);
        await stage.createPod({ uid, node, bind: alreadyBound, talksTo: targets });
        return;
      } catch (error) {
        if (!sandbox.wanted) return;
        news(`pod ${uid} of ${namespace} waits: ${describeError(error)}`);
        if (ending) return;
        await clock.sleep(AGAIN_MS);
      }
    }
  }

  function begin(pod: RecordedPod): void {
    const { uid, node } = pod;
    if (node === null || !nodes.has(node) || pod.hostNetwork || sandboxes.has(uid)) return;
    const { promise: started, resolve } = Promise.withResolvers<void>();
    const sandbox = { pod, wanted: true, started };
    sandboxes.set(uid, sandbox);
    // Of a pod of this uid before: asked for now, since this one's own leaving waits for its start.
    const predecessor = leaving.get(uid) ?? Promise.resolve();
    void predecessor.then(() => inSlot(() => start(sandbox, node))).then(resolve);
  }

  function end(uid: PodUid): void {
    const sandbox = sandboxes.get(uid);
    if (sandbox === undefined) return;
    sandbox.wanted = false;
    sandboxes.delete(uid);
    const left = stage
      .deletePod(uid)
      .catch((error: unknown) => news(`pod ${uid}: ${describeError(error)}`))
      .then(() => sandbox.started)
      .finally(() => leaving.delete(uid));
    leaving.set(uid, left);
  }

  return {
    get counts() {
      const live = [...present.values()].filter(Boolean).length;
      return { created: present.size, deleted: deleted.size, live };
    },
    before: async (pods) => {
      const going = pods.filter(({ is, uid }) => is !== 'present' && sandboxes.has(uid));
      await Promise.all(going.map(({ uid }) => stage.stopPod(uid)));
    },
    after: (pods) => {
      for (const pod of pods) {
        present.set(pod.uid, pod.is !== 'deleted');
        if (pod.is === 'deleted') deleted.add(pod.uid);
        if (pod.is === 'present') begin(pod);
        else end(pod.uid);
      }
    },
    settled: async () => {
      ending = true;
      await Promise.all([...sandboxes.values()].map(({ started }) => started));
      await Promise.all(leaving.values());
    },
  };
}

/** The line that binds the pod was played before its sandbox was made. */
async function alreadyBound(): Promise<void> {}

/** At most so many at once; the others wait for their turn. */
function slots(max: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let used = 0;
  return async (work) => {
    if (used === max) await new Promise<void>((resolve) => waiting.push(resolve));
    else used += 1;
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) used -= 1;
      else next();
    }
  };
}
