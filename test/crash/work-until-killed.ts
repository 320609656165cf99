/**
 * Adds jobs to a queue in a folder, or in a Redis, and works it, until it is killed. It writes a
 * line for each job that was acknowledged and one for each that began, before it goes on.
 */
import { writeSync } from 'node:fs';
import { bullmqJobs } from '../../services/ports/jobs/bullmq.ts';
import { localJobs } from '../../services/ports/jobs/local.ts';
import type { Jobs } from '../../services/ports/jobs/port.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { systemRandom } from '../../services/runtime/random.ts';

export const WORK_UNTIL_KILLED = import.meta.filename;

export interface WorkLine {
  readonly what: 'added' | 'began';
  readonly id: string;
}

const STDOUT = 1;
const LOCK_MS = 1_000;

const say = (line: WorkLine): void => {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
};

/** `where` is a folder, or the URL of a Redis, where `round` is the prefix too. */
function open(where: string, round: string): Promise<Jobs> {
  const components = { clock: systemClock(), random: systemRandom(), log: jsonLog() };
  return where.startsWith('redis:')
    ? bullmqJobs({ url: where, prefix: round, lockMs: LOCK_MS }, components)
    : localJobs({ dir: where }, components);
}

async function main([where = '', round = '']: readonly string[]): Promise<void> {
  const clock = systemClock();
  const jobs = await open(where, round);
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
