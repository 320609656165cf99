/**
 * A courier in a process of its own, until it is killed: a log in a folder, jobs in a Redis that
 * others use too. Signs with the one key of tests. It writes a line when it works.
 */
import { writeSync } from 'node:fs';
import { TEST_KEY } from '../../infra/acl-server/testing/served-acl.ts';
import { createCourier } from '../../services/courier/courier.ts';
import { webhookDriver } from '../../services/ports/acl-driver/webhook.ts';
import { lmdbCheckpoints } from '../../services/ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../../services/ports/event-log/lmdb.ts';
import { bullmqJobs } from '../../services/ports/jobs/bullmq.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { startFunctions } from '../../services/runtime/host.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { systemRandom } from '../../services/runtime/random.ts';

export const COURIER_UNTIL_KILLED = import.meta.filename;

const STDOUT = 1;

async function main([dir = '', url = '', lockMs = '']: readonly string[]) {
  const [clock, random, log] = [systemClock(), systemRandom(), jsonLog({ level: 'error' })];
  const eventLog = await lmdbEventLog({ dir }, { clock });
  const checkpoints = await lmdbCheckpoints({ dir });
  const jobs = await bullmqJobs({ url, lockMs: Number(lockMs) }, { clock, random, log });
  const components = { eventLog, checkpoints, jobs, clock, random, log };
  const secrets = { read: async () => TEST_KEY };
  const courier = await createCourier(
    {},
    {
      ...components,
      connect: (target, spec) => webhookDriver({ target, spec }, { secrets, clock, random }),
    },
  );
  startFunctions(courier.functions, components);
  writeSync(STDOUT, 'works\n');
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
