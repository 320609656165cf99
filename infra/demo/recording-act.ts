/**
 * Plays a recorded watch stream: its lines reach the control process at their recorded times, each
 * in a file of its own file's name and at its own number, and each recorded pod becomes a pod on
 * the stage, on the node of the same name. What the stream lacks is supplied.
 */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Act } from './act.ts';
import { playControlActs } from './control-acts.ts';
import { type CoveringPolicies, createCoveringPolicies } from './covering-policies.ts';
import { playGatewayActs } from './gateway-acts.ts';
import { killAndRestart } from './kills.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';
import type { Outcomes } from './measured.ts';
import { recordedPod } from './recorded-pod.ts';
import { createRecordedPods, type RecordedPods } from './recorded-pods.ts';
import { playedName, type ReadRecording, type RecordedLine } from './recording.ts';
import { suppliedObjects } from './recording-scenery.ts';
import type { Stage } from './stage.ts';
import { agentOf } from './victims.ts';

/** Shares of the recording's time at which a process is killed. */
const AGENT_KILL_AT = 0.3;
const CONTROL_KILL_AT = 0.6;
/** About what the second kill takes, and what follows. */
const KILL_MS = 6_000;
const GATEWAYS_MS = 15_000;
const MS_PER_SECOND = 1000;
/** Lines that are played at once when they are due at once. */
const BATCH_MAX = 500;
const SUPPLIED_FILE = 'supplied-by-the-player.ndjson';

export interface RecordingActInit {
  readonly speed: number;
  readonly news: (line: string) => void;
  readonly clock: Clock;
}

interface Playing {
  readonly recording: ReadRecording;
  readonly folder: string;
  readonly speed: number;
  readonly pods: RecordedPods;
  readonly policies: CoveringPolicies;
}

export async function createRecordingAct(
  stage: Stage,
  recording: ReadRecording,
  { speed, news, clock }: RecordingActInit,
): Promise<Act> {
  const folder = join(stage.runDir, 'recording');
  await mkdir(folder, { recursive: true });
  const policies = createCoveringPolicies();
  const everyTarget = stage.targets.map(({ name }) => name);
  const talksTo = recording.policies === null ? () => everyTarget : policies.covering;
  const pods = createRecordedPods({ stage, talksTo, news }, clock);
  const playing = { recording, folder, speed, pods, policies };
  const playMs = recording.durationMs / speed;
  return {
    source: { kind: 'recording', path: folder },
    seconds: Math.ceil(
      Math.max(playMs, CONTROL_KILL_AT * playMs + KILL_MS + GATEWAYS_MS) / MS_PER_SECOND,
    ),
    get counts() {
      return pods.counts;
    },
    refused: ({ problems, problemCount }) => ({
      count: recording.unreadable.length + problemCount,
      some: [...recording.unreadable, ...problems.map((text) => recorded(text, playing))],
    }),
    writePolicies: () =>
      writeFile(
        join(folder, SUPPLIED_FILE),
        suppliedObjects(recording, stage, speed).map(addedLine).join(''),
      ),
    play: async (crew) => {
      const startedMs = clock.nowMs();
      const at = (ms: number): Promise<void> =>
        clock.sleep(Math.max(0, startedMs + ms - clock.nowMs()));
      const victim = stage.nodes[0]?.name ?? '';
      const controlKilled = at(CONTROL_KILL_AT * playMs).then(() => playControlActs(crew));
      const [, agentRestart, ofControl, ofGateways] = await Promise.all([
        playLines(playing, clock),
        at(AGENT_KILL_AT * playMs).then(() => killAndRestart(agentOf(victim, crew), crew)),
        controlKilled,
        controlKilled.then(() => playGatewayActs({ ...crew, clock })),
      ]);
      return { agentRestart, ...ofControl, ...ofGateways } satisfies Outcomes;
    },
  };
}

function addedLine(object: KubernetesObject): string {
  return `${JSON.stringify({ type: 'ADDED', object })}\n`;
}

/** A problem as the control process tells it, with the path of the recorded file. */
function recorded(problem: string, { recording, folder }: Playing): string {
  const file = recording.files.find((each) => problem.startsWith(join(folder, playedName(each))));
  return file === undefined ? problem : problem.replace(join(folder, playedName(file)), file);
}

async function playLines(playing: Playing, clock: Clock): Promise<void> {
  const { recording, speed, pods } = playing;
  const startedMs = clock.nowMs();
  const dueMs = (line: RecordedLine): number => startedMs + line.atMs / speed;
  let batch: RecordedLine[] = [];
  for (const line of recording.lines) {
    const isDue = dueMs(line) <= clock.nowMs();
    if (!isDue || batch.length === BATCH_MAX) {
      await playBatch(playing, batch);
      batch = [];
    }
    const waitMs = dueMs(line) - clock.nowMs();
    if (waitMs > 0) await clock.sleep(waitMs);
    batch.push(line);
  }
  await playBatch(playing, batch);
  await pods.settled();
}

async function playBatch(playing: Playing, batch: readonly RecordedLine[]): Promise<void> {
  const { folder, pods, policies } = playing;
  const ofPods = batch.flatMap(({ says }) => recordedPod(says) ?? []);
  await pods.before(ofPods);
  for (const file of new Set(batch.map((line) => line.file))) {
    const texts = batch.filter((line) => line.file === file).map(({ text }) => `${text}\n`);
    await appendFile(join(folder, playedName(file)), texts.join(''));
  }
  for (const { says } of batch) policies.take(says);
  pods.after(ofPods);
}
