/**
 * The folder of a stage without a lab, in the system's folder for temporary files. Its name says
 * which process it belongs to, so that whoever comes later can tell that nobody cares for it any
 * more, even when the reaper was killed too.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destroyLab } from '../lab/destroy.ts';
import { isRunning, startTimeOf } from '../lab/process-table.ts';

const NAME = /^berth-demo-(\d+)-(\d+)-(\w+)$/;

export interface StageFolder {
  /** What its processes are marked with. */
  readonly id: string;
  readonly runDir: string;
}

export async function claimStageFolder(): Promise<StageFolder> {
  const startTime = await startTimeOf(process.pid);
  const runDir = await mkdtemp(join(tmpdir(), `berth-demo-${process.pid}-${startTime ?? 0}-`));
  return { id: idOf(runDir), runDir };
}

/** What this user's demos left that were killed together with their reapers. */
export async function removeAbandonedStages(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, startTime = ''] = NAME.exec(name) ?? [];
    if (pid === undefined || (await isRunning({ pid: Number(pid), startTime }))) continue;
    const runDir = join(tmpdir(), name);
    const { uid } = await stat(runDir).catch(() => ({ uid: -1 }));
    if (uid !== process.getuid?.()) continue;
    await destroyLab(idOf(runDir));
    await rm(runDir, { recursive: true, force: true });
  }
}

function idOf(runDir: string): string {
  return `demo${runDir.slice(runDir.lastIndexOf('-') + 1)}`;
}
