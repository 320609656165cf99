/**
 * One run of the demo, from an empty stage to the report. Whatever happens, the stage is taken
 * down at the end; when this process is killed, its reaper does it.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Status } from '../../services/console/status.ts';
import { untilAborted } from '../../services/runtime/aborted.ts';
import { type Clock, systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { destroyStaleLabs } from '../lab/destroy.ts';
import type { Act } from './act.ts';
import { type Agents, createAgents } from './agents.ts';
import { createChurnAct } from './churn-act.ts';
import { type Control, createControl } from './control.ts';
import { createLabStage } from './lab-stage.ts';
import { measuredReport, type Restarts } from './measured.ts';
import { createMemoryStage } from './memory-stage.ts';
import { createNews, type News } from './news.ts';
import type { DemoOptions } from './options.ts';
import { type ReadRecording, readRecording } from './recording.ts';
import { createRecordingAct } from './recording-act.ts';
import { stageOfRecording } from './recording-scenery.ts';
import { type Report, summary } from './report.ts';
import { seededRandom } from './seeded-random.ts';
import { showLive } from './show-live.ts';
import type { Stage, StageInit } from './stage.ts';
import type { Terminal } from './view.ts';

const SETTLE_TIMEOUT_MS = 30_000;
const MS_PER_SECOND = 1000;
const CHURN_STAGE: StageInit = {
  nodes: ['n1', 'n2', 'n3'],
  gateways: ['gw1'],
  targets: [{ name: 'orders-db' }, { name: 'ledger' }],
};

export interface DemoComponents {
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly interrupted: AbortSignal;
}

/** Null when it was interrupted before there was anything to report. */
export async function runDemo(
  options: DemoOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<Report | null> {
  const clock = systemClock();
  const recording = options.recording === null ? null : await readRecording(options.recording);
  terminal.write('building the stage ...\n');
  const wanted = recording === null ? CHURN_STAGE : stageOfRecording(recording, options);
  const stage = await createStage(options, wanted, clock);
  try {
    return await onStage(stage, recording, options, { clock, terminal, interrupted });
  } finally {
    await stage.destroy();
  }
}

async function createStage(
  { datapath, seed }: DemoOptions,
  wanted: StageInit,
  clock: Clock,
): Promise<Stage> {
  if (datapath === 'memory') return createMemoryStage(wanted, clock);
  await destroyStaleLabs();
  const components = { clock, random: systemRandom(), picks: seededRandom(seed + 1) };
  const { stage } = await createLabStage(wanted, components);
  return stage;
}

async function onStage(
  stage: Stage,
  recording: ReadRecording | null,
  options: DemoOptions,
  { clock, terminal, interrupted }: DemoComponents,
): Promise<Report | null> {
  const startedMs = clock.nowMs();
  const elapsedSeconds = (): number => Math.round((clock.nowMs() - startedMs) / MS_PER_SECOND);
  const news = createNews(elapsedSeconds);
  const act = await createAct(stage, recording, options, { news, clock });
  const control = createControl(
    {
      dataDir: resolve(options.data ?? join(stage.runDir, 'data')),
      source: act.source,
      listen: stage.hubAddress,
      socket: join(stage.runDir, 'berth.sock'),
      logFile: join(stage.runDir, 'control.log'),
    },
    { clock, startProcess: stage.startProcess },
  );
  const agents = createAgents(stage);
  const live = showLive({ stage, control, act, news, elapsedSeconds }, { clock, terminal });
  try {
    const played = play({ act, stage, control, agents, clock, news: news.tell });
    const restarts = await Promise.race([played, untilAborted(interrupted)]);
    if (restarts === undefined) return null;
    const converged = await settled(control);
    const status = control.last;
    if (status === null) throw new Error('the control process never answered');
    await live.stop();
    const { seed } = options;
    const measured = { stage, counts: act.counts, status, restarts, converged, seed };
    const report = await measuredReport({ ...measured, durationSeconds: elapsedSeconds() });
    terminal.write(`\n${summary(report)}\n`);
    if (options.json !== null)
      await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    if (options.keep) {
      terminal.write(`\nkept running; files in ${stage.runDir}; Ctrl-C ends it\n`);
      await untilAborted(interrupted);
    }
    return report;
  } finally {
    await live.stop();
  }
}

function createAct(
  stage: Stage,
  recording: ReadRecording | null,
  { seed, speed }: DemoOptions,
  { news: { tell: news }, clock }: { readonly news: News; readonly clock: Clock },
): Promise<Act> {
  return recording === null
    ? createChurnAct(stage, { random: seededRandom(seed), news })
    : createRecordingAct(stage, recording, { speed, news, clock });
}

async function play(crew: {
  readonly act: Act;
  readonly stage: Stage;
  readonly control: Control;
  readonly agents: Agents;
  readonly clock: Clock;
  readonly news: (line: string) => void;
}): Promise<Restarts> {
  const { act, stage, control, agents } = crew;
  await act.writePolicies();
  await Promise.all([control.start(), agents.startAll()]);
  const up = await control.waitUntil(
    (status) => stage.nodes.every(({ name }) => isConnected(status, name)),
    SETTLE_TIMEOUT_MS,
  );
  if (!up) throw new Error(`not all agents came up; see the logs in ${stage.runDir}`);
  return act.play(crew);
}

function isConnected(status: Status, node: string): boolean {
  return status.links.some((link) => link.node === node && link.connected);
}

/** Converged, and every pod that can have a berth has one. */
function settled(control: Control): Promise<boolean> {
  return control.waitUntil(
    ({ converged, pods }) => converged && pods.mapped + pods.exhausted === pods.selected,
    SETTLE_TIMEOUT_MS,
  );
}
