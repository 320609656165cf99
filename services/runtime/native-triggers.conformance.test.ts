/** The native consumer holds the suite of triggers, on embedded adapters and on real servers. */
import { describe } from 'vitest';
import { noKafka } from '../../infra/kafka/java.ts';
import { noRedis } from '../../infra/redis/binary.ts';
import { keepingLog } from '../../test/log-lines.ts';
import {
  distributedStorage,
  embeddedStorage,
  type TriggerStorage,
} from '../../test/trigger-storage.ts';
import { systemClock } from './clock.ts';
import { type Host, startFunctions } from './host.ts';
import { triggerConformance } from './trigger-conformance.ts';

triggerConformance('the native consumer on the embedded log', suiteOn(embeddedStorage));

describe.skipIf(noKafka !== null || noRedis !== null)('on real servers', () => {
  triggerConformance('the native consumer on Kafka and Redis', suiteOn(distributedStorage));
});

function suiteOn(open: () => Promise<TriggerStorage>) {
  return { setup: () => setup(open), teardown: (harness: Harness) => harness.teardown() };
}

type Harness = Awaited<ReturnType<typeof setup>>;

async function setup(open: () => Promise<TriggerStorage>) {
  const { eventLog, jobs, remove } = await open();
  const hosts: Host[] = [];
  const components = { eventLog, jobs, clock: systemClock(), log: keepingLog() };
  return {
    eventLog,
    jobs,
    start(functions: Parameters<typeof startFunctions>[0]) {
      const host = startFunctions(functions, components);
      hosts.push(host);
      return host;
    },
    async teardown() {
      for (const host of hosts) await host.stop();
      await remove();
    },
  };
}
