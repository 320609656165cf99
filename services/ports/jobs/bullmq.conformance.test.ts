/**
 * BullMQ on a real Redis holds the suite. Its time really passes: all times of the suite are made
 * longer, so that a machine that is busy does not come too late for them.
 */

import { describe, test } from 'vitest';
import { noRedis } from '../../../infra/redis/binary.ts';
import { keepingLog } from '../../../test/log-lines.ts';
import { sharedRedis } from '../../../test/servers/shared-servers.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { bullmqJobs } from './bullmq.ts';
import { slowed } from './conformance/slowed.ts';
import { jobsConformance } from './conformance.ts';
import type { Jobs } from './port.ts';

const SLOWER = 3;
const clock = systemClock();
const random = systemRandom();

describe.skipIf(noRedis !== null)('on Redis', () => {
  jobsConformance('the jobs on BullMQ', {
    async setup() {
      const url = await sharedRedis();
      const prefix = random.id();
      // The longest waits that jitter leaves: looking whether one is over takes time here.
      const components = { clock, random: { ...random, next: () => 0 }, log: keepingLog() };
      const open = async (): Promise<Jobs> =>
        slowed(await bullmqJobs({ url, prefix }, components), SLOWER);
      let current = await open();
      return {
        opened: current,
        passTime: (ms) => clock.sleep(ms * SLOWER),
        async reopen() {
          await current.close();
          current = await open();
          return current;
        },
        teardown: () => current.close(),
      };
    },
    teardown: (harness) => harness.teardown(),
  });
});

if (noRedis !== null) test('Redis is there', (context) => context.skip(noRedis ?? undefined));
