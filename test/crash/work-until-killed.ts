/**
 * Adds jobs to a queue in a folder and works it, until it is killed. It writes a line for each job
 * that was acknowledged and one for each that began, before it goes on.
 */
import { writeSync } from 'node:fs';
import { localJobs } from '../../services/ports/jobs/local.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { systemRandom } from '../../services/runtime/random.ts';

export const WORK_UNTIL_KILLED = import.meta.filename;

export interface WorkLine {
  readonly what: 'added' | 'began';
  readonly id: string;
}

const STDOUT = 1;

const say = (line: WorkLine): void => {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
};

async function main([dir = '', round = '']: readonly string[]): Promise<void> {
  const clock = systemClock();
  const jobs = await localJobs({ dir }, { clock, random: systemRandom(), log: jsonLog() });
  jobs.work(
    'acl',
    async ({ id }, signal) => {
      say({ what: 'began', id });
      // Some end at once, some are still running when the process dies.
      if (id.endsWith('7')) await clock.sleep(60_000, signal);
    },
    { concurrency: 20 },
  );
  for (let number = 0; ; number += 1) {
    const id = `${round}-${number}`;
    await jobs.add('acl', [{ id, data: number, delayMs: number % 3 === 0 ? 3_600_000 : 0 }]);
    say({ what: 'added', id });
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
