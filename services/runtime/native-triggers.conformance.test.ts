/** The native consumer holds the suite of triggers. */
import { keepingLog } from '../../test/log-lines.ts';
import { embeddedStorage } from '../../test/trigger-storage.ts';
import { systemClock } from './clock.ts';
import { type Host, startFunctions } from './host.ts';
import { triggerConformance } from './trigger-conformance.ts';

triggerConformance('the native consumer on the embedded log', {
  async setup() {
    const { eventLog, jobs, remove } = await embeddedStorage();
    const hosts: Host[] = [];
    const components = { eventLog, jobs, clock: systemClock(), log: keepingLog() };
    return {
      eventLog,
      jobs,
      start(functions) {
        const host = startFunctions(functions, components);
        hosts.push(host);
        return host;
      },
      async teardown() {
        for (const host of hosts) await host.stop();
        await remove();
      },
    };
  },
  teardown: (harness) => harness.teardown(),
});
