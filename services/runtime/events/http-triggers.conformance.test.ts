/** Functions driven by CloudEvents over HTTP hold the suite of triggers: a gateway delivers. */
import { describe } from 'vitest';
import { noKafka } from '../../../infra/kafka/java.ts';
import { noRedis } from '../../../infra/redis/binary.ts';
import { keepingLog } from '../../../test/log-lines.ts';
import {
  distributedStorage,
  embeddedStorage,
  type TriggerStorage,
} from '../../../test/trigger-storage.ts';
import { systemClock } from '../clock.ts';
import type { BerthFunction } from '../define-function.ts';
import { type Host, startFunctions } from '../host.ts';
import { triggerConformance } from '../trigger-conformance.ts';
import { drivenFunctions } from './driven-functions.ts';
import { forwardJobs, startKafkaSource } from './kafka-source-fixtures.ts';

triggerConformance('CloudEvents over HTTP on the embedded log', suiteOn(embeddedStorage));

describe.skipIf(noKafka !== null || noRedis !== null)('on real servers', () => {
  triggerConformance('CloudEvents over HTTP on Kafka and Redis', suiteOn(distributedStorage));
});

function suiteOn(open: () => Promise<TriggerStorage>) {
  return { setup: () => setup(open), teardown: (harness: Harness) => harness.teardown() };
}

type Harness = Awaited<ReturnType<typeof setup>>;

async function setup(open: () => Promise<TriggerStorage>) {
  const storage = await open();
  const { eventLog, jobs } = storage;
  const hosts: DrivenHost[] = [];
  const gateway = startGateway(storage, () => hosts.at(-1)?.url() ?? null);
  return {
    eventLog,
    jobs,
    start(functions: readonly BerthFunction[]) {
      const host = startDriven(functions, storage);
      for (const { trigger } of functions) if (trigger.kind === 'job') gateway.work(trigger.queue);
      hosts.push(host);
      return host;
    },
    async teardown() {
      for (const host of hosts) await host.stop();
      await gateway.stop();
      await storage.remove();
    },
  };
}

interface DrivenHost extends Host {
  /** Null before it listens and once it is stopped. */
  url(): string | null;
}

function startDriven(
  functions: readonly BerthFunction[],
  { eventLog, jobs }: TriggerStorage,
): DrivenHost {
  const log = keepingLog();
  const components = { eventLog, jobs, clock: systemClock(), log };
  const host = startFunctions(
    drivenFunctions(functions, { listen: '127.0.0.1:0' }, components),
    components,
  );
  let stopped = false;
  return {
    failed: host.failed,
    url() {
      const line = log.lines.find(({ message }) => message === 'events are received');
      return stopped || line === undefined ? null : `http://${String(line.fields['address'])}/`;
    },
    stop() {
      stopped = true;
      return host.stop();
    },
  };
}

/** Begins with the first process, and outlives it; keeps its own place in the log. */
function startGateway({ eventLog, jobs }: TriggerStorage, sink: () => string | null) {
  const source = startKafkaSource({ eventLog, topic: 'berth.events', group: 'gateway', sink });
  const workers = new Map<string, () => Promise<void>>();
  return {
    work(queue: string) {
      if (!workers.has(queue)) workers.set(queue, forwardJobs(jobs, queue, sink));
    },
    async stop() {
      for (const stop of workers.values()) await stop();
      await source.stop();
    },
  };
}
