/**
 * Not shared: elsewhere the jobs live in another process than their worker. Here the process that
 * holds them is killed for real, in the middle of adding and working.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CrashingProcess, startCrashing } from '../../../test/crash/crashing-process.ts';
import { WORK_UNTIL_KILLED, type WorkLine } from '../../../test/crash/work-until-killed.ts';
import { writingDown } from '../../../test/job-runs.ts';
import { keepingLog } from '../../../test/log-lines.ts';
import { type ManualClock, manualClock } from '../../../test/simulation/manual-clock.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { localJobs } from './local.ts';
import type { Jobs } from './port.ts';

let folder: TemporaryFolder;
let child: CrashingProcess | null = null;
let clock: ManualClock;

beforeEach(async () => {
  folder = await temporaryFolder();
  clock = manualClock();
});

afterEach(async () => {
  await child?.kill();
  await folder.remove();
});

const openJobs = (): Promise<Jobs> => {
  // The child's time, and from then on the test's.
  clock.set(systemClock().nowMs());
  return localJobs({ dir: folder.path }, { clock, random: systemRandom(), log: keepingLog() });
};

async function linesUntilKilled(count: number): Promise<readonly WorkLine[]> {
  child = startCrashing(WORK_UNTIL_KILLED, [folder.path, 'round']);
  await child.linesWritten(count);
  await child.kill();
  return child.lines.map((line) => JSON.parse(line) as WorkLine);
}

test('every job that was acknowledged has run or runs after SIGKILL', async () => {
  const lines = await linesUntilKilled(400);
  const added = lines.filter(({ what }) => what === 'added').map(({ id }) => id);
  const begun = lines.filter(({ what }) => what === 'began').map(({ id }) => id);
  const interrupted = begun.filter((id) => id.endsWith('7'));
  expect(interrupted.length).toBeGreaterThan(0);

  const jobs = await openJobs();
  const runs = writingDown();
  jobs.work('acl', runs.handler, { concurrency: 50 });
  clock.advance(2 * 3_600_000);
  await expect.poll(() => jobs.pending('acl')).toBe(0);
  await jobs.close();
  const ranNow = new Set(runs.jobs.map(({ id }) => id));
  const ran = new Set([...begun, ...ranNow]);
  expect(added.filter((id) => !ran.has(id))).toEqual([]);
  expect(interrupted.filter((id) => !ranNow.has(id))).toEqual([]);
});

test('a delay goes on counting after SIGKILL', async () => {
  await linesUntilKilled(100);
  const jobs = await openJobs();
  const runs = writingDown();
  jobs.work('acl', runs.handler, { concurrency: 50 });
  await runs.until(1);
  clock.advance(1);
  const delayed = ({ data }: { data: unknown }): boolean => Number(data) % 3 === 0;
  expect(runs.jobs.filter(delayed)).toEqual([]);
  expect(await jobs.pending('acl')).toBeGreaterThan(0);
  await jobs.close();
});

test('a second process is refused with the owner’s pid, until the owner is killed', async () => {
  child = startCrashing(WORK_UNTIL_KILLED, [folder.path, 'round']);
  await child.linesWritten(1);
  await expect(openJobs()).rejects.toMatchObject({
    code: 'BERTH_LOG_IN_USE',
    details: { pid: child.pid },
  });
  await child.kill();
  await (await openJobs()).close();
});
