/** Cases of the Jobs suite: what waits, for how long, and which of two jobs of one id wins. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { gate, writingDown } from '../../../../test/job-runs.ts';
import type { Jobs } from '../port.ts';
import type { JobsHarness } from './harness.ts';

const LARGEST_BATCH = 10_000;
/** Whatever a client of a broker may take for a sign of its own. */
const NAMES = [
  'a:b',
  'a:b:c',
  '0:delay',
  '42',
  ' ',
  '{x}',
  'ns/shop ☃',
  '%3A',
  '*',
  'x'.repeat(512),
];
const idle = (jobs: Jobs) => expect.poll(() => jobs.pending('acl')).toBe(0);

export const queueCases: ConformanceCases<JobsHarness> = {
  async 'runs a job once, with its data, as its first attempt'({ opened: jobs }) {
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: { revision: 1, list: ['a', null] } }]);
    await idle(jobs);
    expect(runs.jobs).toEqual([{ id: 'db', data: { revision: 1, list: ['a', null] }, attempt: 1 }]);
  },

  async 'keeps what is added before anybody works, and counts it'({ opened: jobs }) {
    await jobs.add('acl', [
      { id: 'a', data: 1 },
      { id: 'b', data: 2 },
    ]);
    expect(await jobs.pending('acl')).toBe(2);
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await idle(jobs);
    expect([...runs.data()].sort()).toEqual([1, 2]);
  },

  async 'takes no job at all, and the largest batch'({ opened: jobs }) {
    const runs = writingDown();
    jobs.work('acl', runs.handler, { concurrency: 100 });
    await jobs.add('acl', []);
    const many = Array.from({ length: LARGEST_BATCH }, (_, id) => ({ id: `${id}`, data: id }));
    await jobs.add('acl', many);
    await expect.poll(() => jobs.pending('acl'), { timeout: 30_000 }).toBe(0);
    expect(new Set(runs.data()).size).toBe(LARGEST_BATCH);
  },

  async 'takes any id, any name of a queue, and any data'({ opened: jobs }) {
    for (const queue of NAMES) {
      const data = [queue, null, { '': -0.5, __proto__: [] }, 'x'.repeat(100_000)];
      const runs = writingDown();
      const stop = jobs.work(queue, runs.handler);
      await jobs.add(
        queue,
        NAMES.map((id) => ({ id, data })),
      );
      await runs.until(NAMES.length);
      await expect.poll(() => jobs.pending(queue)).toBe(0);
      await stop();
      expect(runs.jobs.map(({ id }) => id).sort()).toEqual([...NAMES].sort());
      expect(runs.data()).toEqual(NAMES.map(() => data));
    }
  },

  async 'keeps queues apart'({ opened: jobs }) {
    const [acl, ticks] = [writingDown(), writingDown()];
    jobs.work('acl', acl.handler);
    jobs.work('ticks', ticks.handler);
    await jobs.add('acl', [{ id: 'same', data: 'acl' }]);
    await jobs.add('ticks', [{ id: 'same', data: 'ticks' }]);
    await Promise.all([acl.until(1), ticks.until(1)]);
    expect([acl.data(), ticks.data()]).toEqual([['acl'], ['ticks']]);
  },

  async 'does not run a job before its delay is over'({ opened: jobs, passTime }) {
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [
      { id: 'late', data: 'late', delayMs: 1_000 },
      { id: 'later', data: 'later', delayMs: 2_000 },
    ]);
    await passTime(900);
    await jobs.add('acl', [{ id: 'now', data: 'now' }]);
    await runs.until(1);
    expect(runs.data()).toEqual(['now']);
    await passTime(200);
    await runs.until(2);
    expect(runs.data()).toEqual(['now', 'late']);
    await passTime(1_000);
    await idle(jobs);
    expect(runs.data()).toEqual(['now', 'late', 'later']);
  },

  async 'the latest of one id wins while it waits, and the due time stays'({
    opened: jobs,
    passTime,
  }) {
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: 1, delayMs: 1_000 }]);
    await passTime(900);
    await jobs.add('acl', [
      { id: 'db', data: 2, delayMs: 5_000 },
      { id: 'db', data: 3, delayMs: 5_000 },
    ]);
    expect(await jobs.pending('acl')).toBe(1);
    await passTime(200);
    await idle(jobs);
    expect(runs.data()).toEqual([3]);
  },

  async 'the latest that came while it ran runs afterwards, once'({ opened: jobs }) {
    const running = gate();
    const runs = writingDown(({ data }) => (data === 0 ? running.passed : Promise.resolve()));
    jobs.work('acl', runs.handler, { concurrency: 4 });
    await jobs.add('acl', [{ id: 'db', data: 0 }]);
    await runs.until(1);
    for (const data of [1, 2, 3]) await jobs.add('acl', [{ id: 'db', data }]);
    await jobs.add('acl', [{ id: 'other', data: 'other' }]);
    await runs.until(2);
    expect(runs.data()).toEqual([0, 'other']);
    running.open();
    await idle(jobs);
    expect(runs.jobs.slice(2)).toEqual([{ id: 'db', data: 3, attempt: 1 }]);
  },

  async 'what came while it ran waits out the delay of the first that came'({
    opened: jobs,
    passTime,
  }) {
    const running = gate();
    const runs = writingDown(({ data }) => (data === 0 ? running.passed : Promise.resolve()));
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: 0 }]);
    await runs.until(1);
    await jobs.add('acl', [{ id: 'db', data: 'replaced', delayMs: 1_000 }]);
    await jobs.add('acl', [{ id: 'db', data: 1, delayMs: 5_000 }]);
    running.open();
    await expect.poll(() => jobs.pending('acl')).toBe(1);
    await jobs.add('acl', [{ id: 'now', data: 'now' }]);
    await runs.until(2);
    await passTime(1_100);
    await idle(jobs);
    expect(runs.data()).toEqual([0, 'now', 1]);
  },

  async 'the delay of what came while it ran counts from when it came'({ opened: jobs, passTime }) {
    const running = gate();
    const runs = writingDown(({ data }) => (data === 0 ? running.passed : Promise.resolve()));
    jobs.work('acl', runs.handler);
    await jobs.add('acl', [{ id: 'db', data: 0 }]);
    await runs.until(1);
    await jobs.add('acl', [{ id: 'db', data: 1, delayMs: 1_000 }]);
    await passTime(900);
    running.open();
    await expect.poll(() => jobs.pending('acl')).toBe(1);
    expect(runs.data()).toEqual([0]);
    await passTime(200);
    await idle(jobs);
    expect(runs.data()).toEqual([0, 1]);
  },

  async 'says whether a job of an id waits or runs, with its latest data'({ opened: jobs }) {
    const held = () => jobs.held('acl', 'db');
    expect(await held()).toBeNull();
    await jobs.add('acl', [
      { id: 'db', data: 1, delayMs: 3_600_000 },
      { id: 'runs', data: null },
    ]);
    await jobs.add('acl', [{ id: 'db', data: null }]);
    expect(await held()).toEqual({ data: null });
    expect(await jobs.held('other', 'db')).toBeNull();
    const running = gate();
    const runs = writingDown(() => running.passed);
    jobs.work('acl', runs.handler);
    await runs.until(1);
    expect(await jobs.held('acl', 'runs')).toEqual({ data: null });
    await jobs.add('acl', [{ id: 'runs', data: { later: 1 }, delayMs: 3_600_000 }]);
    expect(await jobs.held('acl', 'runs')).toEqual({ data: { later: 1 } });
    await jobs.add('acl', [{ id: 'once', data: 1 }]);
    running.open();
    await expect.poll(() => jobs.held('acl', 'once')).toBeNull();
    expect(await jobs.held('acl', 'runs')).toEqual({ data: { later: 1 } });
  },

  async 'takes a job of an id that has run as a new one'({ opened: jobs }) {
    const runs = writingDown();
    jobs.work('acl', runs.handler);
    for (const data of [1, 2]) {
      await jobs.add('acl', [{ id: 'db', data }]);
      await idle(jobs);
    }
    expect(runs.jobs.map(({ attempt }) => attempt)).toEqual([1, 1]);
  },

  async 'has what waited when it is opened again, latest data, delay and all'({
    opened: jobs,
    reopen,
    passTime,
  }) {
    await jobs.add('acl', [
      { id: 'late', data: 1, delayMs: 1_000 },
      { id: 'now', data: 2 },
    ]);
    await jobs.add('acl', [{ id: 'late', data: 3 }]);
    const again = await reopen();
    expect(await again.pending('acl')).toBe(2);
    const runs = writingDown();
    again.work('acl', runs.handler);
    await runs.until(1);
    expect(runs.data()).toEqual([2]);
    await passTime(1_100);
    await idle(again);
    expect(runs.data()).toEqual([2, 3]);
  },

  async 'forgets what has run when it is opened again'({ opened: jobs, reopen }) {
    jobs.work('acl', writingDown().handler);
    await jobs.add('acl', [{ id: 'db', data: 1 }]);
    await idle(jobs);
    expect(await (await reopen()).pending('acl')).toBe(0);
  },

  async 'refuses a job without an id'({ opened: jobs }) {
    const call = [
      { id: 'db', data: 1 },
      { id: '', data: 2 },
    ];
    await expect(jobs.add('acl', call)).rejects.toMatchObject({ code: 'BERTH_JOBS_BAD_JOB' });
    expect(await jobs.pending('acl')).toBe(0);
  },
};
