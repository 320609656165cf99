/** Posted jobs: the bounds of their queue hold. */
import { expect, test } from 'vitest';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import type { Job, WorkOptions } from '../../ports/jobs/port.ts';
import { job } from '../define-function.ts';
import type { DeliveredEvent } from './cloud-event.ts';
import { drivenJobs } from './driven-jobs.ts';

const never = new AbortController().signal;
const event = (id: string): DeliveredEvent => ({
  id,
  type: 'berth.job.errands',
  data: undefined,
  topic: null,
  place: null,
});

/** A handler whose runs end when the test says so. */
function held(options?: WorkOptions) {
  const clock = manualClock();
  const running: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const handler = async ({ id }: Job): Promise<void> => {
    running.push(id);
    const end = Promise.withResolvers<void>();
    ends.set(id, end);
    await end.promise.finally(() => running.splice(running.indexOf(id), 1));
  };
  const jobs = drivenJobs(job('errands', options), handler, { clock });
  return { jobs, running, clock, end: (id: string) => ends.get(id)?.resolve(), ends };
}

test('runs one at a time where nothing else is said, in the order of their coming', async () => {
  const { jobs, running, end } = held();
  const done = ['a', 'b', 'c'].map((id) => jobs.deliver(event(id), never));
  for (const id of ['a', 'b', 'c']) {
    await expect.poll(() => running).toEqual([id]);
    end(id);
  }
  await Promise.all(done);
});

test('runs as many at once as the queue may, but one of each id', async () => {
  const { jobs, running, end } = held({ concurrency: 2 });
  const done = ['a', 'a', 'b'].map((id) => jobs.deliver(event(id), never));
  await expect.poll(() => running).toEqual(['a', 'b']);
  end('b');
  await expect.poll(() => running).toEqual(['a']);
  end('a');
  await expect.poll(() => running).toEqual(['a']);
  end('a');
  await Promise.all(done);
});

test('a failure is told to who posted, and the next of its id runs', async () => {
  const { jobs, running, ends, end } = held();
  const first = jobs.deliver(event('a'), never);
  const second = jobs.deliver(event('a'), never);
  await expect.poll(() => running).toEqual(['a']);
  ends.get('a')?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await expect.poll(() => running).toEqual(['a']);
  end('a');
  await second;
});

test('refuses starts beyond the rate, until the next window', async () => {
  const rate = { max: 2, windowMs: 1000 };
  const { jobs, clock, end, running } = held({ concurrency: 8, rate });
  const done = ['a', 'b'].map((id) => jobs.deliver(event(id), never));
  await expect(jobs.deliver(event('c'), never)).rejects.toMatchObject({
    code: 'BERTH_TRIGGER_BUSY',
  });
  clock.advance(1000);
  done.push(jobs.deliver(event('c'), never));
  await expect.poll(() => running).toEqual(['a', 'b', 'c']);
  for (const id of ['a', 'b', 'c']) end(id);
  await Promise.all(done);
});

test('starts nothing once it shall stop', async () => {
  const { jobs, running } = held();
  await expect(jobs.deliver(event('a'), AbortSignal.abort())).rejects.toMatchObject({
    code: 'BERTH_TRIGGER_STOPPING',
  });
  expect(running).toEqual([]);
});
