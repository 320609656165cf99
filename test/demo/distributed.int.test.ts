/**
 * The demo with each role a process of its own: the same report, and however it ends, nothing of
 * it stays, broker and Redis included.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../infra/demo/report.ts';
import { noKafka } from '../../infra/kafka/java.ts';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { noRedis } from '../../infra/redis/binary.ts';
import type { DemoRun } from './demo-run.ts';
import { type DemoRuns, demoRuns } from './demo-runs.ts';
import { fakeCluster } from './fake-cluster.ts';
import { writeFolder } from './stream-files.ts';

const EXIT_INTERRUPTED = 130;
const DISTRIBUTED = ['--distributed'];
const MEMORY = [...DISTRIBUTED, '--datapath', 'memory'];
const noServers = noKafka ?? noRedis;
/** In the command lines of what must be gone. */
const SERVERS = ['kafka.Kafka', 'redis-server', 'run hub', 'run mapper'];

let runs: DemoRuns;

beforeAll(async () => {
  runs = await demoRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

beforeEach((context) => {
  context.skip(noServers !== null, noServers ?? '');
});

async function endsBy(run: DemoRun, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const left = (await run.leftovers()).join('\n');
  for (const command of SERVERS) expect(left).toContain(command);
  run.kill(signal);
  expect(await run.exited).toBe(signal === 'SIGINT' ? EXIT_INTERRUPTED : null);
  await run.untilNothingIsLeft();
}

test('a mapper that is killed and one that wakes up late change nothing that is reported', {
  timeout: 180_000,
}, async () => {
  const cluster = fakeCluster({ seed: 5, nodes: 2, namespaces: 3, pods: 30, seconds: 40 });
  const recording = await writeFolder(join(runs.path, 'recording'), cluster);
  const json = join(runs.path, 'report.json');
  const args = ['--recording', recording, '--speed', '2', '--json', json];
  const run = await runs.start('report', [...MEMORY, ...args]);
  expect([await run.exited, run.output]).toEqual([0, expect.stringContaining('converged     yes')]);
  const report = JSON.parse(await readFile(json, 'utf8')) as Report;
  expect(report).toMatchObject({
    adapters: { eventLog: 'kafka', jobs: 'bullmq', source: 'recording', datapath: 'memory' },
    pods: { created: cluster.uidsCreated, deleted: cluster.uidsDeleted },
    converged: true,
  });
  expect(run.output).toMatch(/hub-\d has all \d agents/);
  expect(run.output).toMatch(/killing mapper-\d .*\n(.*\n)*.*mapper-\d answers for all/);
  expect(run.output).toMatch(/wakes up \(SIGCONT\) beside its successor/);
  expect(run.output).not.toMatch(/\bNOT\b/);
  await run.untilNothingIsLeft();
});

describe('without a lab', () => {
  test('Ctrl-C while Kafka and Redis start leaves nothing', async () => {
    const run = await runs.start('early', MEMORY);
    await run.until('0 pods');
    run.kill('SIGINT');
    expect(await run.exited).toBe(EXIT_INTERRUPTED);
    await run.untilNothingIsLeft();
  });

  test('SIGKILL leaves nothing: its reaper ends Kafka, Redis and every role', async () => {
    const run = await runs.start('killed', MEMORY);
    await run.until('starting 24 pods');
    await endsBy(run, 'SIGKILL');
  });

  test('a folder for the log is refused: there is none', async () => {
    const run = await runs.start('data', [...MEMORY, '--data', join(runs.path, 'data')]);
    expect(await run.exited).toBe(2);
    expect(run.output).toContain('with --distributed it is in Kafka');
  });
});

describe('in the lab', () => {
  beforeEach(needsLab);

  test.each(['SIGINT', 'SIGKILL'] as const)(
    '%s while pods start leaves nothing',
    async (signal) => {
      const run = await runs.start(signal, DISTRIBUTED);
      await run.until('starting 24 pods');
      await endsBy(run, signal);
    },
  );
});
