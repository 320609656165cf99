/** What a group commits, when, and what becomes of commits that fail. */
import { expect, test } from 'vitest';
import { keepingLog } from '../../test/log-lines.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import { partitions } from './define-function.ts';
import { createGroupProgress } from './group-progress.ts';

function start() {
  const clock = manualClock();
  const commits: Offsets[] = [];
  let failures = 0;
  const commit = async (_group: string, _topic: string, offsets: Offsets): Promise<void> => {
    commits.push(offsets);
    failures -= 1;
    if (failures >= 0) throw new Error('no coordinator');
  };
  // Of a log only commits are asked for.
  const eventLog = { commit } as unknown as EventLog;
  const components = { eventLog, clock, log: keepingLog() };
  const progress = createGroupProgress(partitions('berth.events', 'mapper'), components);
  const tick = async (): Promise<void> => {
    await expect.poll(() => clock.waiting()).toBe(1);
    clock.advance(1000);
  };
  return { progress, commits, tick, clock, fail: (count: number) => (failures = count) };
}

test('commits the newest of each partition, once in a while', async () => {
  const { progress, commits, tick } = start();
  progress.handled(0, 5);
  progress.handled(0, 9);
  progress.handled(1, 2);
  expect(commits).toEqual([]);
  await tick();
  expect(commits).toEqual([{ 0: 9, 1: 2 }]);
});

test('what could not be committed is tried again though nothing new is handled', async () => {
  const { progress, commits, tick, fail } = start();
  fail(2);
  progress.handled(0, 5);
  for (let round = 0; round < 3; round += 1) await tick();
  expect(commits).toEqual([{ 0: 5 }, { 0: 5 }, { 0: 5 }]);
});

test('says nothing more of a partition that was taken away, also after a failure', async () => {
  const { progress, commits, tick, fail } = start();
  fail(1);
  progress.handled(0, 5);
  progress.handled(1, 6);
  await tick();
  progress.forget(0);
  await tick();
  expect(commits).toEqual([{ 0: 5, 1: 6 }, { 1: 6 }]);
});

test('a stop commits what is left, once, and waits for nothing more', async () => {
  const { progress, commits, fail, clock } = start();
  progress.handled(0, 5);
  fail(1);
  await progress.stop();
  expect(commits).toEqual([{ 0: 5 }]);
  expect(clock.waiting()).toBe(0);
});
