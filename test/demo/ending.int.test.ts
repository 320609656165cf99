/** However the demo ends, nothing of it stays, and its exit code says how it ended. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { needsLab } from '../../infra/lab/testing/needs-lab.ts';
import { BOOT, type DemoRun } from './demo-run.ts';
import { type DemoRuns, demoRuns } from './demo-runs.ts';
import { fakeCluster } from './fake-cluster.ts';
import { writeFolder } from './stream-files.ts';

const EXIT_INTERRUPTED = 130;

let runs: DemoRuns;

beforeAll(async () => {
  runs = await demoRuns();
});

afterAll(async () => {
  await runs[Symbol.asyncDispose]();
});

let demos = 0;

function demo(...args: readonly string[]): Promise<DemoRun> {
  demos += 1;
  return runs.start(String(demos), args);
}

function reaperOf(leftovers: readonly string[]): number {
  const line = leftovers.find((left) => left.includes('/reaper-main.ts'));
  return Number(/process (\d+):/.exec(line ?? '')?.[1]);
}

async function endsAt(run: DemoRun, moment: string | RegExp): Promise<void> {
  await run.until(moment);
  expect(await run.leftovers()).not.toEqual([]);
  run.kill('SIGINT');
  expect(await run.exited).toBe(EXIT_INTERRUPTED);
  await run.untilNothingIsLeft();
}

/** A short recording: in it a process is killed within the first second, another in the second. */
function shortRecording(): Promise<string> {
  const cluster = fakeCluster({ seed: 7, nodes: 2, namespaces: 2, pods: 12, seconds: 10 });
  return writeFolder(join(runs.path, 'recording'), cluster);
}

describe('in the lab', () => {
  beforeEach(needsLab);

  test('Ctrl-C before anything is there leaves nothing', async () => {
    await endsAt(await demo(), 'building the stage');
  });

  test('Ctrl-C while the stage is built leaves nothing', async () => {
    const run = await demo();
    await vi.waitUntil(() => run.labs.size > 0, { timeout: 20_000, interval: 1 });
    await endsAt(run, '');
  });

  test('Ctrl-C while pods start leaves nothing', async () => {
    await endsAt(await demo(), 'starting 24 pods');
  });

  test.each(['killing the agent', 'killing the control process'])(
    'Ctrl-C right after it said "%s" leaves nothing',
    async (moment) => {
      const run = await demo('--recording', await shortRecording(), '--speed', '5');
      await endsAt(run, moment);
    },
  );

  test('SIGKILL leaves nothing soon after: its reaper cleans up', async () => {
    const run = await demo();
    await run.until('starting 24 pods');
    run.kill('SIGKILL');
    await run.exited;
    await run.untilNothingIsLeft();
  });

  test('what SIGKILL of demo and reaper leaves, the next demo removes', async () => {
    const run = await demo();
    await run.until('starting 24 pods');
    await killWithReaper(run);
    const next = await demo();
    await next.until('starting 24 pods');
    expect(await run.leftovers()).toEqual([]);
    next.kill('SIGINT');
    expect(await next.exited).toBe(EXIT_INTERRUPTED);
    await next.untilNothingIsLeft();
  });
});

describe.concurrent('without a lab', () => {
  const memory = ['--datapath', 'memory'];

  test('SIGKILL leaves none soon after: its reaper cleans up', async () => {
    const run = await demo(...memory);
    await run.until('starting 24 pods');
    run.kill('SIGKILL');
    await run.exited;
    await run.untilNothingIsLeft();
  });

  test('SIGKILL of the command that started it ends it too', async () => {
    const run = await runs.start('by-boot', memory, BOOT);
    await run.until('starting 24 pods');
    run.kill('SIGKILL');
    await run.exited;
    await run.untilNothingIsLeft();
  });

  test('what SIGKILL of demo and reaper leaves, the next demo removes', async () => {
    const run = await runs.start('shared', memory);
    await run.until('starting 24 pods');
    await killWithReaper(run);
    // In the same folder for temporary files.
    const next = await runs.start('shared', memory);
    await next.until('starting 24 pods');
    const processes = await next.leftovers();
    expect(processes.filter((left) => left.startsWith('berth-demo-'))).toHaveLength(1);
    next.kill('SIGTERM');
    expect(await next.exited).toBe(EXIT_INTERRUPTED);
    await next.untilNothingIsLeft();
  });

  test('kept running, it has told its report, and Ctrl-C ends it as a good run', async () => {
    const recording = join(runs.path, 'empty.ndjson');
    await writeFile(recording, '');
    const json = join(runs.path, 'kept.json');
    const run = await demo(...memory, '--recording', recording, '--keep', '--json', json);
    await run.until('kept running');
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ converged: true });
    expect(await run.leftovers()).not.toEqual([]);
    run.kill('SIGINT');
    expect(await run.exited).toBe(0);
    await run.untilNothingIsLeft();
  });

  test('it ends when nobody reads its output any more', async () => {
    const run = await demo(...memory);
    await run.until('starting 24 pods');
    run.closeOutput();
    expect(await run.exited).toBe(EXIT_INTERRUPTED);
    await run.untilNothingIsLeft();
  });

  test.each([
    ['a file of its report that cannot be written', ['--json', '/nowhere/report.json'], 2],
    ['a recording that is not there', ['--recording', '/nowhere'], 2],
    ['a folder without a recording', ['--recording', '/etc'], 3],
  ])('%s ends it at once, by the exit code of the error table', async (_, args, code) => {
    const run = await demo(...memory, ...args);
    expect(await run.exited).toBe(code);
    expect(run.output).toMatch(/cannot be written|no such file|BERTH_INPUT_UNREADABLE/);
    await run.untilNothingIsLeft();
  });

  test('a data folder that another process has is told, and ends it', async () => {
    const data = join(runs.path, 'data');
    const first = await demo(...memory, '--data', data);
    await first.until('starting 24 pods');
    const second = await demo(...memory, '--data', data);
    expect(await second.exited).toBe(4);
    expect(second.output).toMatch(/BERTH_DEMO_NOT_UP.*BERTH_LOG/s);
    await second.untilNothingIsLeft();
  });
});

async function killWithReaper(run: DemoRun): Promise<void> {
  const reaper = reaperOf(await run.leftovers());
  process.kill(reaper, 'SIGKILL');
  run.kill('SIGKILL');
  await run.exited;
  expect(await run.leftovers()).not.toEqual([]);
}
