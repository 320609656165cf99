/**
 * One run of the demo, from an empty stage to the report. Whatever happens, the stage is taken
 * down at the end; when this process is killed, its reaper does it.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Status } from '../../services/console/status.ts';
import { berthError } from '../../services/contract/errors.ts';
import { untilAborted } from '../../services/runtime/aborted.ts';
import { type Clock, systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { destroyStaleLabs } from '../lab/destroy.ts';
import type { Act } from './act.ts';
import { type Agents, createAgents } from './agents.ts';
import { createChurnAct } from './churn-act.ts';
import { plain } from './columns.ts';
import { type Control, type ControlInit, createControl } from './control.ts';
import { createLabStage } from './lab-stage.ts';
import { errorsInLogs } from './log-errors.ts';
import { measuredReport, type Outcomes } from './measured.ts';
import { createMemoryStage } from './memory-stage.ts';
import { createNews, type News } from './news.ts';
import type { DemoOptions } from './options.ts';
import { type ReadRecording, readRecording } from './recording.ts';
import { createRecordingAct } from './recording-act.ts';
import { stageOfRecording } from './recording-scenery.ts';
import { type Report, summary } from './report.ts';
import { createRoleProcesses } from './role-processes.ts';
import { seededRandom } from './seeded-random.ts';
import { untilSettled, waitingPods } from './settled.ts';
import { showLive } from './show-live.ts';
import type { Stage, StageInit } from './stage.ts';
import { removeAbandonedStages } from './stage-folder.ts';
import type { Supervisor } from './supervised.ts';
import type { Terminal } from './terminal.ts';
import { untilDestroyed } from './until-destroyed.ts';

const UP_TIMEOUT_MS = 30_000;
/** Each node is a process of its own, on a machine that may be small. */
const UP_TIMEOUT_PER_NODE_MS = 2_000;
/** Of a distributed run: one can go. */
const HUBS = 2;
const RUN_ID_LENGTH = 8;
const MS_PER_SECOND = 1000;
const CHURN_STAGE: StageInit = {
  nodes: ['n1', 'n2', 'n3'],
  gateways: ['g1', 'g2'],
  // One is told each address, the other was opened once for all of them.
  targets: [{ name: 'orders-db', acl: 'server' }, { name: 'ledger' }],
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
  const scenery = recording === null ? CHURN_STAGE : stageOfRecording(recording, options);
  const wanted = options.distributed ? { ...scenery, hubs: HUBS } : scenery;
  const stage = untilDestroyed(await createStage(options, wanted, clock));
  try {
    if (interrupted.aborted) return null;
    return await onStage(stage, recording, options, { clock, terminal, interrupted });
  } finally {
    if (interrupted.aborted) terminal.write('taking the stage down ...\n');
    await stage.destroy();
  }
}

async function createStage(
  { datapath, seed }: DemoOptions,
  wanted: StageInit,
  clock: Clock,
): Promise<Stage> {
  await removeAbandonedStages();
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
  const ending = new AbortController();
  const supervisor = { clock, news: news.tell, ending: ending.signal };
  const dataDir = resolve(options.data ?? join(stage.runDir, 'data'));
  const control = controlOf(stage, options, {
    clock,
    supervisor,
    init: { dataDir, source: act.source, secrets: stage.secretsDir, sinceMs: startedMs },
  });
  const agents = createAgents(stage, dataDir, supervisor);
  const live = showLive({ stage, control, act, news, elapsedSeconds }, { clock, terminal });
  const show = async (text: string): Promise<void> => {
    await live.stop();
    terminal.write(`\n${text}\n`);
  };
  try {
    const played = play({ act, stage, control, agents, clock, news: news.tell });
    const outcomes = await Promise.race([played, untilAborted(interrupted)]);
    if (outcomes === undefined) return null;
    const settled = untilSettled(control, clock);
    const converged = await Promise.race([settled, untilAborted(interrupted)]);
    if (converged === undefined) return null;
    const status = control.last;
    if (status === null) throw new Error('the control process never answered');
    const { seed } = options;
    const measured = { stage, counts: act.counts, status, outcomes, converged, seed };
    const report = await measuredReport({ ...measured, durationSeconds: elapsedSeconds() });
    const notes = { refused: act.refused(status), waiting: waitingPods(status) };
    await show(summary(report, notes));
    if (options.json !== null) await writeReport(options.json, report);
    if (options.keep) {
      await show(`kept running; files in ${stage.runDir}; Ctrl-C ends it`);
      if (terminal.isTTY) news.follow((line) => terminal.write(`${plain(line)}\n`));
      await untilAborted(interrupted);
    }
    return report;
  } finally {
    ending.abort();
    await live.stop();
  }
}

/** One process, or each role its own. */
function controlOf(
  stage: Stage,
  { distributed }: DemoOptions,
  {
    clock,
    supervisor,
    init,
  }: {
    readonly clock: Clock;
    readonly supervisor: Supervisor;
    readonly init: Omit<ControlInit, 'listen' | 'socket' | 'logFile'>;
  },
): Control {
  const { runDir, startProcess, hubAddresses } = stage;
  const known = { ...init, socket: join(runDir, 'berth.sock') };
  if (distributed) {
    return createRoleProcesses({ ...known, hubs: hubAddresses }, { stage, clock }, supervisor);
  }
  const [listen = ''] = hubAddresses;
  const logFile = join(runDir, 'control.log');
  return createControl({ ...known, listen, logFile }, { clock, startProcess }, supervisor);
}

function writeReport(file: string, report: Report): Promise<void> {
  return writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}

function createAct(
  stage: Stage,
  recording: ReadRecording | null,
  { seed, speed, distributed }: DemoOptions,
  { news: { tell: news }, clock }: { readonly news: News; readonly clock: Clock },
): Promise<Act> {
  return recording === null
    ? createChurnAct(stage, {
        run: systemRandom().id().slice(0, RUN_ID_LENGTH),
        random: seededRandom(seed),
        distributed,
        news,
      })
    : createRecordingAct(stage, recording, { speed, news, clock });
}

async function play(crew: {
  readonly act: Act;
  readonly stage: Stage;
  readonly control: Control;
  readonly agents: Agents;
  readonly clock: Clock;
  readonly news: (line: string) => void;
}): Promise<Outcomes> {
  const { act, stage, control, agents } = crew;
  await act.writePolicies();
  await Promise.all([control.start(), agents.startAll()]);
  const timeoutMs = UP_TIMEOUT_MS + UP_TIMEOUT_PER_NODE_MS * stage.nodes.length;
  const up = await control.waitUntil(
    (status) => stage.nodes.every(({ name }) => isConnected(status, name)),
    timeoutMs,
  );
  if (up) return act.play(crew);
  const errors = await errorsInLogs(stage.runDir);
  throw berthError('BERTH_DEMO_NOT_UP', { reason: errors.join('; ') || 'no error was logged' });
}

function isConnected(status: Status, node: string): boolean {
  return status.links.some((link) => link.node === node && link.connected);
}
