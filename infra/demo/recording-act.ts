/**
 * Plays a recorded watch stream: its lines reach the control process at their recorded times, and
 * each recorded pod becomes a pod on the stage, on the node of the same name. Where the stream has
 * no policies the player supplies one NatPool, two AclTargets, and one EgressNat for each
 * namespace that has pods.
 */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Act } from './act.ts';
import { killAndRestart } from './kills.ts';
import {
  egressNatObject,
  type KubernetesObject,
  nodeObject,
  poolObject,
  targetObject,
} from './kubernetes-objects.ts';
import type { Restarts } from './measured.ts';
import type { ReadRecording, RecordedPod } from './recording.ts';
import type { Stage } from './stage.ts';
import { agentOf, controlProcess } from './victims.ts';

const POOL = 'recorded';
const PORTS_PER_POD = 1024;
/** Shares of the recording's time at which a process is killed. */
const AGENT_KILL_AT = 0.3;
const CONTROL_KILL_AT = 0.6;
const MS_PER_SECOND = 1000;

export interface RecordingActInit {
  readonly speed: number;
  readonly news: (line: string) => void;
}

export async function createRecordingAct(
  stage: Stage,
  recording: ReadRecording,
  { speed, news }: RecordingActInit,
): Promise<Act> {
  const folder = join(stage.runDir, 'recording');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'stream.ndjson');
  const pods = createRecordedPods(stage, news);
  const playMs = recording.durationMs / speed;
  return {
    source: { kind: 'recording', path: folder },
    seconds: Math.ceil(playMs / MS_PER_SECOND),
    get counts() {
      return pods.counts();
    },
    writePolicies: () => writeFile(file, supplied(stage, recording).map(addedLine).join('')),
    play: async (crew) => {
      const { clock } = crew;
      const startedMs = clock.nowMs();
      const at = (ms: number): Promise<void> => clock.sleep(startedMs + ms - clock.nowMs());
      const victim = stage.nodes[0]?.name ?? '';
      const [, agentRestart, controlRestart] = await Promise.all([
        playLines({ recording, file, speed, pods }, clock),
        at(AGENT_KILL_AT * playMs).then(() => killAndRestart(agentOf(victim, crew), crew)),
        at(CONTROL_KILL_AT * playMs).then(() => killAndRestart(controlProcess(crew), crew)),
      ]);
      return { agentRestart, controlRestart } satisfies Restarts;
    },
  };
}

/** The stage's gateways, and the policies where the stream has none. */
function supplied(stage: Stage, recording: ReadRecording): KubernetesObject[] {
  const gateways = stage.nodes
    .filter((node) => node.gateway)
    .map(({ name, address }) => nodeObject(name, address, true));
  if (recording.hasPolicies) return gateways;
  const targets = stage.targets.map((target) => target.name);
  return [
    ...gateways,
    poolObject({ name: POOL, addresses: stage.natCidrs, portsPerPod: PORTS_PER_POD }),
    ...stage.targets.map(targetObject),
    ...recording.namespacesWithPods.map((namespace) =>
      egressNatObject({ namespace, name: 'all-pods', pool: POOL, podLabels: {}, targets }),
    ),
  ];
}

function addedLine(object: KubernetesObject): string {
  return `${JSON.stringify({ type: 'ADDED', object })}\n`;
}

async function playLines(
  playing: {
    readonly recording: ReadRecording;
    readonly file: string;
    readonly speed: number;
    readonly pods: RecordedPods;
  },
  clock: Clock,
): Promise<void> {
  const { recording, file, speed, pods } = playing;
  const startedMs = clock.nowMs();
  for (const { text, atMs, pod } of recording.lines) {
    const waitMs = startedMs + atMs / speed - clock.nowMs();
    if (waitMs > 0) await clock.sleep(waitMs);
    await appendFile(file, `${text}\n`);
    if (pod !== null) pods.take(pod);
  }
  await pods.settled();
}

/** The line that binds the pod was written before its sandbox was made. */
async function alreadyBound(): Promise<void> {}

interface RecordedPods {
  counts(): Act['counts'];
  /** What the line says; the sandbox follows in the background, in order for each pod. */
  take(pod: RecordedPod): void;
  settled(): Promise<void>;
}

function createRecordedPods(stage: Stage, news: (line: string) => void): RecordedPods {
  const seen = new Set<string>();
  const deleted = new Set<string>();
  /** Pods with a sandbox, or one under way. */
  const sandboxes = new Set<string>();
  const turns = new Map<string, Promise<void>>();

  function inTurn(pod: RecordedPod, work: () => Promise<void>): void {
    const before = turns.get(pod.uid) ?? Promise.resolve();
    const after = before.then(work).catch((error: unknown) => {
      news(`${pod.namespace}/${pod.name}: ${describeError(error)}`);
    });
    turns.set(pod.uid, after);
  }

  return {
    counts: () => ({
      created: seen.size,
      deleted: deleted.size,
      live: seen.size - deleted.size,
    }),
    take: (pod) => {
      const { uid, node } = pod;
      seen.add(uid);
      if (pod.deleted) deleted.add(uid);
      if (node === null || pod.hostNetwork) return;
      if (!pod.ended && !sandboxes.has(uid)) {
        sandboxes.add(uid);
        inTurn(pod, () => stage.createPod(uid, node, alreadyBound));
      } else if (pod.ended && sandboxes.delete(uid)) {
        inTurn(pod, () => stage.deletePod(uid));
      }
    },
    settled: async () => {
      await Promise.all(turns.values());
    },
  };
}
