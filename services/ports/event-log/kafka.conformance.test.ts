/** The log on a real Kafka holds the suite, with four partitions and with one, and the groups'. */
import { randomUUID } from 'node:crypto';
import { describe, test } from 'vitest';
import { noKafka } from '../../../infra/kafka/java.ts';
import { startCrashing } from '../../../test/crash/crashing-process.ts';
import { GROUP_MEMBER } from '../../../test/crash/group-member.ts';
import { kafkaComponents, keptOnKafka } from '../../../test/kafka-log.ts';
import { sharedKafka } from '../../../test/servers/shared-servers.ts';
import { eventLogGroupConformance, type MemberProcess } from './conformance/group-conformance.ts';
import { eventLogConformance } from './conformance.ts';
import { kafkaEventLog } from './kafka.ts';
import type { EventLog } from './port.ts';

describe.skipIf(noKafka !== null)('on Kafka', () => {
  for (const partitionCount of [4, 1]) {
    eventLogConformance(`the Kafka log of ${partitionCount} partitions`, {
      setup: () => keptOnKafka(partitionCount),
      teardown: (harness) => harness.teardown(),
    });
  }
  eventLogGroupConformance('the Kafka log of 5 partitions', {
    setup: () => groupOnKafka(5),
    teardown: (harness) => harness.teardown(),
  });
});

if (noKafka !== null) test('Kafka is there', (context) => context.skip(noKafka ?? undefined));

async function groupOnKafka(partitionCount: number) {
  const bootstrap = await sharedKafka();
  const init = { connection: { brokers: [bootstrap] }, prefix: `log-${randomUUID()}` };
  const logs: EventLog[] = [];
  const members: MemberProcess[] = [];
  const another = async (): Promise<EventLog> => {
    const log = await kafkaEventLog({ ...init, partitionCount }, kafkaComponents());
    logs.push(log);
    return log;
  };
  return {
    opened: await another(),
    another,
    async startMember() {
      const member = startMember(bootstrap, init.prefix);
      members.push(member);
      return member;
    },
    async teardown() {
      await Promise.all(members.map((member) => member.kill()));
      await Promise.all(logs.map((log) => log.close()));
    },
  };
}

function startMember(bootstrap: string, prefix: string): MemberProcess {
  const child = startCrashing(GROUP_MEMBER, [bootstrap, prefix]);
  return {
    owned: () => JSON.parse(child.lines.at(-1) ?? '[]') as readonly number[],
    kill: () => child.kill(),
    async leave() {
      process.kill(child.pid, 'SIGTERM');
      await child.ended();
    },
    pause: () => {
      process.kill(child.pid, 'SIGSTOP');
    },
    resume: () => {
      process.kill(child.pid, 'SIGCONT');
    },
  };
}
