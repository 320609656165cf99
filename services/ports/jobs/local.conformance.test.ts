/** The embedded jobs hold the suite, on a clock that is turned by hand. */
import { keepingLog } from '../../../test/log-lines.ts';
import { reopenable } from '../../../test/reopenable.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { jobsConformance } from './conformance.ts';
import { localJobs } from './local.ts';

jobsConformance('the local jobs', {
  async setup() {
    const clock = manualClock();
    const components = {
      clock,
      random: { ...systemRandom(), next: () => 0.999 },
      log: keepingLog(),
    };
    const storage = await reopenable((dir) => localJobs({ dir }, components));
    return { ...storage, passTime: async (ms) => clock.advance(ms) };
  },
  teardown: (harness) => harness.teardown(),
});
