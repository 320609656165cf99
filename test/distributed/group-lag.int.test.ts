/**
 * A group's lag as `berth_group_lag_records` tells it is what Kafka's own tool says of the group:
 * while a member works, when it is gone, and while more is appended that nobody handles.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { javaArgs, noKafka } from '../../infra/kafka/java.ts';
import { exposeGroupLag } from '../../services/cli/roles/lag-metrics.ts';
import { CONTROL_METRICS, PROCESS_METRICS } from '../../services/contract/metrics.ts';
import { kafkaEventLog } from '../../services/ports/event-log/kafka.ts';
import type { EventLog } from '../../services/ports/event-log/port.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { lagReader } from '../../services/runtime/consumer-lag.ts';
import { type PartitionsHandler, partitions } from '../../services/runtime/define-function.ts';
import { createMetrics } from '../../services/runtime/metrics/metrics.ts';
import { runPartitions } from '../../services/runtime/partitions-runner.ts';
import { kafkaComponents } from '../kafka-log.ts';
import { keepingLog } from '../log-lines.ts';
import { sharedKafka } from '../servers/shared-servers.ts';

const run = promisify(execFile);
const PARTITIONS = 4;
const KEYS = Array.from({ length: 40 }, (_, index) => `ns/${index}`);
const MIB = 128;
const WAIT = { timeout: 30_000, interval: 200 };

/** LAG by partition; `-`, nothing committed, is null. */
async function asKafkaSays(bootstrap: string, group: string): Promise<Map<string, number | null>> {
  const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
  const args = ['--bootstrap-server', bootstrap, '--describe', '--group', group];
  const { stdout } = await run('java', javaArgs(tool, args, MIB));
  const [head = '', ...lines] = stdout.split('\n').filter((line) => line.trim() !== '');
  const columns = head.trim().split(/\s+/);
  const [partitionAt, lagAt] = [columns.indexOf('PARTITION'), columns.indexOf('LAG')];
  return new Map(
    lines
      .map((line) => line.trim().split(/\s+/))
      .map((cells) => [
        cells[partitionAt] ?? '',
        cells[lagAt] === '-' ? null : Number(cells[lagAt]),
      ]),
  );
}

function metricsOf(eventLog: EventLog) {
  const components = { eventLog, clock: systemClock(), log: keepingLog() };
  const metrics = createMetrics({ ...PROCESS_METRICS, ...CONTROL_METRICS }, components);
  const groups = [{ group: 'mapper', topic: 'berth.events' }] as const;
  exposeGroupLag(metrics, groups, { eventLog, lagOf: lagReader(components) });
  return async (name: string): Promise<Map<string, number>> => {
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
    return new Map(
      lines.map((line) => [
        /partition="(\d+)"/.exec(line)?.[1] ?? '',
        Number(line.split(' ').at(-1)),
      ]),
    );
  };
}

test('a group is behind by what Kafka itself says', { timeout: 120_000 }, async (context) => {
  context.skip(noKafka !== null, noKafka ?? '');
  const bootstrap = await sharedKafka();
  const prefix = `lag-${randomUUID()}`;
  const init = { connection: { brokers: [bootstrap] }, prefix, partitionCount: PARTITIONS };
  const eventLog = await kafkaEventLog(init, kafkaComponents());
  const append = () =>
    eventLog.append(
      'berth.events',
      KEYS.map((key) => ({ key, value: {} })),
    );
  const read = metricsOf(eventLog);
  const sum = (lags: Iterable<number>) => [...lags].reduce((all, lag) => all + lag, 0);
  const sumNow = async () => sum((await read('berth_group_lag_records')).values());

  await append();
  // Nothing was committed yet: everything is still to be handled.
  expect(await sumNow()).toBe(KEYS.length);

  const stopping = new AbortController();
  const handler: PartitionsHandler = {
    assigned: () => undefined,
    take: async () => ({ from: 0, batch: async () => undefined, caughtUp: async () => undefined }),
  };
  const trigger = partitions('berth.events', 'mapper');
  const ran = runPartitions(trigger, handler, { ...kafkaComponents(), eventLog }, stopping.signal);
  await expect.poll(sumNow, WAIT).toBe(0);
  expect(sum((await asKafkaSays(bootstrap, `${prefix}.mapper`)).values() as never)).toBe(0);
  stopping.abort();
  await ran;

  await append();
  const said = await asKafkaSays(bootstrap, `${prefix}.mapper`);
  expect(said.size).toBe(PARTITIONS);
  expect(await read('berth_group_lag_records')).toEqual(said);
  expect(sum(said.values() as never)).toBe(KEYS.length);
  const ages = await read('berth_group_lag_seconds');
  expect([...ages.values()].every((age) => age > 0)).toBe(true);
  await eventLog.close();
});
