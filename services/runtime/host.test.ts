/** Functions on the embedded adapters in one host: each kind runs, fails alone, and stops. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gate } from '../../test/job-runs.ts';
import { keepingLog } from '../../test/log-lines.ts';
import { type Reopenable, reopenable } from '../../test/reopenable.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { berthError } from '../contract/errors.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { localJobs } from '../ports/jobs/local.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import { untilAborted } from './aborted.ts';
import { type BerthFunction, defineFunction, job, service, stream } from './define-function.ts';
import { type Host, type HostInit, startFunctions } from './host.ts';
import { systemRandom } from './random.ts';

let logStorage: Reopenable<EventLog>;
let jobStorage: Reopenable<Jobs>;
let host: Host | null;
const clock = manualClock();
const random = systemRandom();
let log = keepingLog();

beforeEach(async () => {
  log = keepingLog();
  logStorage = await reopenable((dir) => lmdbEventLog({ dir }, { clock }));
  jobStorage = await reopenable((dir) => localJobs({ dir }, { clock, random, log }));
  host = null;
});

afterEach(async () => {
  await host?.stop();
  await jobStorage.teardown();
  await logStorage.teardown();
});

function start(functions: readonly BerthFunction[], init: HostInit = {}): Host {
  const [eventLog, jobs] = [logStorage.opened, jobStorage.opened];
  host = startFunctions(functions, { eventLog, jobs, clock, log }, init);
  return host;
}

const failing = (name: string, error: unknown) =>
  defineFunction({ name, trigger: service(), handler: () => Promise.reject(error) });

test('runs a function of each kind until it is stopped', async () => {
  const heard: string[] = [];
  const started = start([
    defineFunction({
      name: 'reader',
      trigger: stream('berth.events', async () => ({})),
      handler: {
        batch: async (entries) => {
          heard.push(...entries.map(({ key }) => `read ${key}`));
        },
        caughtUp: async () => {
          heard.push('caught up');
        },
      },
    }),
    defineFunction({
      name: 'worker',
      trigger: job('ticks'),
      handler: async ({ id }) => {
        heard.push(`worked ${id}`);
      },
    }),
    defineFunction({
      name: 'server',
      trigger: service(),
      handler: async (signal) => {
        await untilAborted(signal);
        heard.push('served');
      },
    }),
  ]);
  await expect.poll(() => heard).toEqual(['caught up']);
  await logStorage.opened.append('berth.events', [{ key: 'ns/shop', value: {} }]);
  await jobStorage.opened.add('ticks', [{ id: 'r1', data: null }]);
  await expect.poll(() => heard.length).toBe(3);
  await started.stop();
  expect(heard.sort()).toEqual(['caught up', 'read ns/shop', 'served', 'worked r1']);

  await logStorage.opened.append('berth.events', [{ key: 'ns/shop', value: {} }]);
  await jobStorage.opened.add('ticks', [{ id: 'r2', data: null }]);
  expect(await jobStorage.opened.pending('ticks')).toBe(1);
  expect(heard).toHaveLength(4);
});

test('refuses two functions of one name, and starts none', () => {
  let ran = false;
  const twin = defineFunction({
    name: 'mapper',
    trigger: service(),
    handler: async () => {
      ran = true;
    },
  });
  expect(() => start([twin, twin])).toThrow(
    expect.objectContaining({ code: 'BERTH_RUNTIME_DUPLICATE_FUNCTION' }),
  );
  expect(ran).toBe(false);
});

test('a function that throws stops alone, is logged with its code, and is told', async () => {
  const unknown = berthError('BERTH_FOLD_UNKNOWN_TYPE', { type: 'X', aggregate: 'pools' });
  const batches: number[] = [];
  const [eventLog] = [logStorage.opened];
  await eventLog.append('berth.events', [{ key: 'pools', value: {} }]);
  const reader = (name: string, batch: () => Promise<void>) =>
    defineFunction({
      name,
      trigger: stream('berth.events', async () => ({})),
      handler: { batch, caughtUp: async () => undefined },
    });
  const started = start([
    reader('bad', () => Promise.reject(unknown)),
    reader('good', async () => {
      batches.push(1);
    }),
  ]);
  expect(await started.failed).toBe(unknown);
  expect(log.lines).toContainEqual({
    level: 'error',
    fields: { function: 'bad', error: unknown },
    message: 'function failed',
  });
  await expect.poll(() => batches.length).toBe(1);
  await eventLog.append('berth.events', [{ key: 'pools', value: {} }]);
  await expect.poll(() => batches.length).toBe(2);
});

test('tells of the first that failed; what is thrown need not be an error', async () => {
  const started = start([failing('first', 'no error at all'), failing('second', new Error('2'))]);
  expect(await started.failed).toEqual(new Error('no error at all'));
});

test('tells of jobs that cannot be worked any more', async () => {
  const error = new Error('stuck');
  const jobs = { ...jobStorage.opened, failed: Promise.resolve(error) };
  host = startFunctions([], { eventLog: logStorage.opened, jobs, clock, log });
  expect(await host.failed).toBe(error);
});

test('a job is taken once its function is ready, never if it is stopped before', async () => {
  const heard: string[] = [];
  const isReady = gate();
  const worker = (name: string, ready: Promise<void>) =>
    defineFunction({
      name,
      trigger: job(name, {}, (signal) => Promise.race([ready, untilAborted(signal)])),
      handler: async ({ id }) => {
        heard.push(id);
      },
    });
  await jobStorage.opened.add('soon', [{ id: 'soon', data: null }]);
  await jobStorage.opened.add('never', [{ id: 'never', data: null }]);
  const started = start([worker('soon', isReady.passed), worker('never', gate().passed)]);
  expect(heard).toEqual([]);
  isReady.open();
  await expect.poll(() => heard).toEqual(['soon']);
  await started.stop();
  expect(await jobStorage.opened.pending('never')).toBe(1);
});

test('a service that ends by itself has not failed', async () => {
  const failed: unknown[] = [];
  const started = start([
    defineFunction({ name: 'short', trigger: service(), handler: async () => undefined }),
  ]);
  void started.failed.then((error) => failed.push(error));
  await expect.poll(() => log.lines.map(({ message }) => message)).toEqual(['function ended']);
  await started.stop();
  expect(failed).toEqual([]);
});

test('what a function throws while it is stopped is logged, and is no failure', async () => {
  const failed: unknown[] = [];
  const late = new Error('cut off');
  const started = start([
    defineFunction({
      name: 'late',
      trigger: service(),
      handler: async (signal) => {
        await untilAborted(signal);
        throw late;
      },
    }),
  ]);
  void started.failed.then((error) => failed.push(error));
  await started.stop();
  expect(log.lines).toEqual([
    { level: 'warn', fields: { function: 'late', error: late }, message: expect.any(String) },
  ]);
  expect(failed).toEqual([]);
});

test('waits no longer than its bound for a function that does not stop, and names it', async () => {
  const started = start(
    [
      defineFunction({
        name: 'deaf',
        trigger: service(),
        handler: () => new Promise<void>(() => {}),
      }),
      defineFunction({ name: 'polite', trigger: service(), handler: untilAborted }),
    ],
    { stopTimeoutMs: 5_000 },
  );
  const stopped = started.stop();
  await expect.poll(() => log.lines.map(({ message }) => message)).toEqual(['function ended']);
  clock.advance(5_000);
  await stopped;
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      fields: {
        function: 'deaf',
        error: expect.objectContaining({ code: 'BERTH_RUNTIME_STOP_TIMEOUT' }),
      },
      message: 'function did not stop',
    },
  ]);
});

test('can be stopped twice, and with no function at all', async () => {
  const started = start([]);
  await Promise.all([started.stop(), started.stop()]);
  await started.stop();
  expect(clock.waiting()).toBe(0);
});
