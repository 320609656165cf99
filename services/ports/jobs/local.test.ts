/** Not shared: the parts that the embedded jobs are made of, and what they log. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writingDown } from '../../../test/job-runs.ts';
import { keepingLog } from '../../../test/log-lines.ts';
import { reopenable } from '../../../test/reopenable.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { type DueItem, dueHeap } from './local/due-heap.ts';
import { jobQueue } from './local/job-queue.ts';
import { rateLimit } from './local/rate-limit.ts';
import { startWorker } from './local/worker.ts';
import { localJobs } from './local.ts';

test('the heap gives what is due first, whatever the order of pushing and popping', () => {
  const action = fc.option(fc.integer({ min: 0, max: 50 }), { nil: 'pop' as const });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const heap = dueHeap();
      const model: number[] = [];
      const popped: (DueItem | undefined)[] = [];
      const expected: (number | undefined)[] = [];
      for (const each of actions) {
        if (each === 'pop') {
          expect(heap.peek()?.dueMs).toBe(model[0]);
          popped.push(heap.pop());
          expected.push(model.shift());
        } else {
          heap.push({ id: `${each}`, dueMs: each });
          model.push(each);
          model.sort((a, b) => a - b);
        }
      }
      expect(popped.map((item) => item?.dueMs)).toEqual(expected);
    }),
  );
});

test('no window of the rate’s length holds more starts than the rate allows', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (waits, max) => {
      const limit = rateLimit({ max, windowMs: 100 });
      const starts: number[] = [];
      let nowMs = 0;
      for (const wait of waits) {
        nowMs += wait;
        if (limit.waitMs(nowMs) > 0) continue;
        limit.started(nowMs);
        starts.push(nowMs);
        expect(starts.filter((start) => start > nowMs - 100).length).toBeLessThanOrEqual(max);
      }
    }),
  );
});

test('the rate waits for no longer than a window when the clock was set back', () => {
  const limit = rateLimit({ max: 1, windowMs: 100 });
  limit.started(1_000_000);
  expect(limit.waitMs(5)).toBe(100);
});

test('a failure is logged with the job, its attempt and what comes next', async () => {
  const [clock, log] = [manualClock(), keepingLog()];
  const random = { next: () => 0, id: () => '' };
  const storage = await reopenable((dir) => localJobs({ dir }, { clock, random, log }));
  const failure = new Error('target is down');
  const runs = writingDown(() => Promise.reject(failure));
  storage.opened.work('acl', runs.handler, { backoff: { firstMs: 100, maxMs: 30_000 } });
  await storage.opened.add('acl', [{ id: 'db', data: 1 }]);
  for (const [attempt, retryInMs] of [
    [1, 100],
    [2, 200],
    [3, 400],
  ]) {
    const fields = { queue: 'acl', job: 'db', attempt, retryInMs, error: failure };
    await expect.poll(() => log.lines.at(-1)).toMatchObject({ level: 'warn', fields });
    clock.advance(retryInMs ?? 0);
  }
  await storage.teardown();
});

test('a job whose end could not be written is logged, since it may come again', async () => {
  const [clock, log] = [manualClock(), keepingLog()];
  const full = (): Promise<void> => Promise.reject(new Error('no space'));
  const store = { all: () => [], save: full, remove: full };
  const queue = jobQueue();
  queue.add({ id: 'db', data: 1 }, clock.nowMs());
  const components = { clock, random: systemRandom(), log, queue, store };
  startWorker('acl', async () => undefined, {}, components).pump();
  await expect
    .poll(() => log.lines)
    .toEqual([
      {
        level: 'error',
        fields: { error: expect.objectContaining({ code: 'BERTH_JOBS_WRITE' }) },
        message: 'a job may come again',
      },
    ]);
  expect(queue.size()).toBe(0);
});
