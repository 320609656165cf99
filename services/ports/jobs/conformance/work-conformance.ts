/** Cases of the Jobs suite: failures and back-off, rate, concurrency, stop and close. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { gate, writingDown } from '../../../../test/job-runs.ts';
import { untilAborted } from '../../../runtime/aborted.ts';
import type { Jobs } from '../port.ts';
import type { JobsHarness } from './harness.ts';

const idle = (jobs: Jobs) => expect.poll(() => jobs.pending('acl')).toBe(0);
const numbers = (count: number) =>
  Array.from({ length: count }, (_, data) => ({ id: `job-${data}`, data }));

export const workCases: ConformanceCases<JobsHarness> = {
  async 'tries again what threw, later each time, up to the longest wait'({
    opened: jobs,
    passTime,
  }) {
    const runs = writingDown(async ({ attempt }) => {
      if (attempt < 6) throw new Error(`attempt ${attempt}`);
    });
    jobs.work('acl', runs.handler, { backoff: { firstMs: 100, maxMs: 400 } });
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    // With full jitter away: at least half of 100, 200, 400, 400, 400.
    for (const [index, [tooEarlyMs, restMs]] of [
      [20, 90],
      [90, 120],
      [190, 220],
      [190, 220],
      [190, 220],
    ].entries()) {
      await runs.until(index + 1);
      await expect.poll(() => jobs.pending('acl')).toBe(1);
      await passTime(tooEarlyMs ?? 0);
      const sentinel = gate();
      const stopSentinel = jobs.work(`sentinel-${index}`, async () => sentinel.open());
      await jobs.add(`sentinel-${index}`, [{ id: 's', data: null }]);
      await sentinel.passed;
      await stopSentinel();
      expect(runs.jobs).toHaveLength(index + 1);
      await passTime(restMs ?? 0);
    }
    await idle(jobs);
    expect(runs.jobs.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
  },

  async 'goes on with other jobs while one waits to be tried again'({ opened: jobs }) {
    const runs = writingDown(async ({ id }) => {
      if (id === 'bad') throw new Error('always');
    });
    jobs.work('acl', runs.handler, { backoff: { firstMs: 60_000, maxMs: 60_000 } });
    await jobs.add('acl', [{ id: 'bad', data: 0 }, ...numbers(5)]);
    await runs.until(6);
    await expect.poll(() => jobs.pending('acl')).toBe(1);
  },

  async 'a handler that throws at once is tried again too'({ opened: jobs, passTime }) {
    const runs = writingDown(({ attempt }) => {
      if (attempt === 1) throw new Error('before any promise');
      return Promise.resolve();
    });
    jobs.work('acl', runs.handler, { backoff: { firstMs: 1_000, maxMs: 1_000 } });
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    await runs.until(1);
    await expect.poll(() => jobs.pending('acl')).toBe(1);
    await passTime(1_000);
    await idle(jobs);
    expect(runs.jobs).toHaveLength(2);
  },

  async 'whatever is thrown is tried again'({ opened: jobs, passTime }) {
    const named = (name: string): Error => Object.assign(new Error('no'), { name });
    const thrown = [
      null,
      'text',
      {},
      new Error(''),
      new Error('bullmq:rateLimitExceeded'),
      ...['DelayedError', 'WaitingError', 'UnrecoverableError'].map(named),
    ];
    const runs = writingDown(({ attempt, data }) =>
      attempt === 1 ? Promise.reject(thrown[Number(data)]) : Promise.resolve(),
    );
    jobs.work('acl', runs.handler, { backoff: { firstMs: 1_000, maxMs: 1_000 } });
    await jobs.add('acl', numbers(thrown.length));
    await runs.until(thrown.length);
    await expect.poll(() => jobs.pending('acl')).toBe(thrown.length);
    await passTime(1_000);
    await idle(jobs);
    expect(runs.jobs.map(({ attempt }) => attempt)).toEqual([
      ...thrown.map(() => 1),
      ...thrown.map(() => 2),
    ]);
  },

  async 'tries again with the latest data that came meanwhile'({ opened: jobs, passTime }) {
    const running = gate();
    const runs = writingDown(({ attempt }) => (attempt === 1 ? running.passed : Promise.resolve()));
    jobs.work('acl', runs.handler, { backoff: { firstMs: 1_000, maxMs: 1_000 } });
    await jobs.add('acl', [{ id: 'db', data: 'first' }]);
    await runs.until(1);
    await jobs.add('acl', [{ id: 'db', data: 'while it ran' }]);
    running.breakDown(new Error('no'));
    await expect.poll(() => jobs.pending('acl')).toBe(1);
    await jobs.add('acl', [{ id: 'db', data: 'while it waited' }]);
    await passTime(1_000);
    await idle(jobs);
    expect(runs.jobs.slice(1)).toEqual([{ id: 'db', data: 'while it waited', attempt: 2 }]);
  },

  async 'remembers over a stop which attempt comes next'({ opened: jobs, reopen, passTime }) {
    const failing = writingDown(() => Promise.reject(new Error('no')));
    jobs.work('acl', failing.handler, { backoff: { firstMs: 100, maxMs: 100 } });
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    await failing.until(1);
    const again = await reopen();
    const runs = writingDown();
    again.work('acl', runs.handler);
    await passTime(110);
    await idle(again);
    expect(runs.jobs).toEqual([{ id: 'db', data: 1, attempt: 2 }]);
  },

  async 'runs no more at once than it may, and no fewer'({ opened: jobs }) {
    const hold = gate();
    let inside = 0;
    let most = 0;
    const runs = writingDown(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await hold.passed;
      inside -= 1;
    });
    jobs.work('acl', runs.handler, { concurrency: 3 });
    await jobs.add('acl', numbers(10));
    await runs.until(3);
    expect(await jobs.pending('acl')).toBe(10);
    hold.open();
    await idle(jobs);
    expect(runs.jobs).toHaveLength(10);
    expect(most).toBe(3);
  },

  async 'runs one at a time if nothing is said'({ opened: jobs }) {
    let inside = 0;
    let most = 0;
    const runs = writingDown(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await jobs.pending('acl');
      inside -= 1;
    });
    jobs.work('acl', runs.handler);
    await jobs.add('acl', numbers(10));
    await idle(jobs);
    expect(most).toBe(1);
  },

  async 'starts no more in a window than the rate allows'({ opened: jobs, passTime }) {
    const runs = writingDown();
    jobs.work('acl', runs.handler, { concurrency: 10, rate: { max: 3, windowMs: 1_000 } });
    await jobs.add('acl', numbers(8));
    for (const started of [3, 6, 8]) {
      await runs.until(started);
      await expect.poll(() => jobs.pending('acl')).toBe(8 - started);
      await passTime(800);
      expect(runs.jobs).toHaveLength(started);
      await passTime(250);
    }
  },

  async 'a job may add jobs, also of its own id'({ opened: jobs }) {
    const runs = writingDown(async ({ id, data }) => {
      const left = Number(data);
      if (left > 0) await jobs.add('acl', [{ id, data: left - 1 }]);
    });
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'countdown', data: 5 }]);
    await runs.until(6);
    await idle(jobs);
    expect(runs.data()).toEqual([5, 4, 3, 2, 1, 0]);
  },

  async 'refuses a second worker of a queue, until the first has stopped'({ opened: jobs }) {
    const stop = jobs.work('acl', writingDown().handler);
    expect(() => jobs.work('acl', writingDown().handler)).toThrow(
      expect.objectContaining({ code: 'BERTH_JOBS_WORKED' }),
    );
    await stop();
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    await runs.until(1);
  },

  async 'stop waits for what runs, tells it, and starts nothing more'({ opened: jobs }) {
    const heard: string[] = [];
    const finish = gate();
    const runs = writingDown(async (_, signal) => {
      await untilAborted(signal);
      heard.push('told');
      await finish.passed;
      heard.push('finished');
    });
    const stop = jobs.work('acl', runs.handler);
    await jobs.add('acl', numbers(3));
    await runs.until(1);
    const stopped = Promise.all([stop(), stop()]).then(() => heard.push('stopped'));
    await expect.poll(() => heard).toEqual(['told']);
    finish.open();
    await stopped;
    expect(heard).toEqual(['told', 'finished', 'stopped']);
    expect(runs.jobs).toHaveLength(1);
  },

  async 'a job that was broken off by a stop comes again, as the same attempt'({
    opened: jobs,
    reopen,
  }) {
    const runs = writingDown((_, signal) => untilAborted(signal));
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: 'old' }]);
    await runs.until(1);
    await jobs.add('acl', [{ id: 'db', data: 'new' }]);
    const again = await reopen();
    const rerun = writingDown();
    again.work('acl', rerun.handler);
    await idle(again);
    expect(rerun.jobs).toEqual([{ id: 'db', data: 'new', attempt: 1 }]);
  },

  async 'a job whose handler returned because it was told to stop comes again'({ opened: jobs }) {
    const told = writingDown((_, signal) => untilAborted(signal));
    const stop = jobs.work('acl', told.handler);
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    await told.until(1);
    await stop();
    expect(await jobs.pending('acl')).toBe(1);
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await idle(jobs);
    expect(runs.jobs).toEqual([{ id: 'db', data: 1, attempt: 1 }]);
  },

  async 'a stop that comes before anything ran loses nothing'({ opened: jobs }) {
    const first = writingDown();
    const stop = jobs.work('acl', first.handler);
    await stop();
    await jobs.add('acl', numbers(3));
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await idle(jobs);
    expect(first.jobs).toHaveLength(0);
    expect(runs.jobs).toHaveLength(3);
  },

  async 'can be closed twice, while it works too, and refuses what comes later'({ opened: jobs }) {
    const runs = writingDown((_, signal) => untilAborted(signal));
    const stop = jobs.work('acl', runs.handler);
    await jobs.add('acl', numbers(3));
    await runs.until(1);
    await Promise.all([jobs.close(), jobs.close()]);
    await jobs.close();
    await stop();
    const closed = { code: 'BERTH_JOBS_CLOSED' };
    await expect(jobs.add('acl', [])).rejects.toMatchObject(closed);
    await expect(jobs.pending('acl')).rejects.toMatchObject(closed);
    expect(() => jobs.work('acl', runs.handler)).toThrow(expect.objectContaining(closed));
  },
};
