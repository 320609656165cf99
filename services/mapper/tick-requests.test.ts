/** Ticks are asked for beside the mapping, and again when whatever was asked is lost. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStory, QUARANTINE_MS } from '../../test/fold/story.ts';
import { keepingLog } from '../../test/log-lines.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import type { World } from '../aggregates/world.ts';
import type { Jobs, NewJob } from '../ports/jobs/port.ts';
import { createTickRequests } from './tick-requests.ts';

const SWEEP_EVERY_MS = 30_000;

let added: string[][];
/** How the jobs answer, one call after the other; then at once. */
let answers: (() => Promise<void>)[];
let clock: ReturnType<typeof manualClock>;
let log: ReturnType<typeof keepingLog>;
let stop: AbortController;

beforeEach(() => {
  added = [];
  answers = [];
  clock = manualClock();
  log = keepingLog();
  stop = new AbortController();
});
afterEach(() => stop.abort());

const jobs = {
  add: async (_queue: string, wanted: readonly NewJob[]) => {
    added.push(wanted.map(({ id }) => id));
    await answers.shift()?.();
  },
} as unknown as Jobs;

function requests() {
  return createTickRequests({ sweepEveryMs: SWEEP_EVERY_MS }, { jobs, clock, log });
}

const asked = (...ids: string[]): NewJob[] => ids.map((id) => ({ id, data: null }));

test('what is asked for while the jobs do not answer goes with the next call, once', async () => {
  const slow = Promise.withResolvers<void>();
  answers = [() => slow.promise];
  const ticks = requests();
  void ticks.run(stop.signal);
  ticks.ask(asked('a'));
  await expect.poll(() => added).toEqual([['a']]);
  ticks.ask(asked('b'));
  ticks.ask(asked('c', 'b'));
  expect(added).toEqual([['a']]);
  slow.resolve();
  await expect.poll(() => added).toEqual([['a'], ['b', 'c']]);
});

test('a call that failed is told, and made again after a pause', async () => {
  answers = [() => Promise.reject(new Error('no Redis'))];
  const ticks = requests();
  ticks.ask(asked('a'));
  void ticks.run(stop.signal);
  await expect.poll(() => log.lines.map(({ level }) => level)).toEqual(['warn']);
  await expect.poll(() => clock.waiting()).toBe(1);
  expect(added).toEqual([['a']]);
  clock.advance(1000);
  await expect.poll(() => added).toEqual([['a'], ['a']]);
});

test('ends when it is told to, whether it waits or not', async () => {
  const ticks = requests();
  const running = [ticks.run(stop.signal), ticks.sweep(() => [], stop.signal)];
  stop.abort();
  await Promise.all(running);
  expect(added).toEqual([]);
});

function resting(): { readonly world: World; readonly dueMs: number } {
  const story = createStory();
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  story.log.nowMs = clock.nowMs();
  story.podGone('shop', 'a');
  story.settle();
  const [release] = story.releases('shop');
  if (release === undefined) throw new Error('nothing rests');
  return { world: story.world, dueMs: release.releasedAtMs + QUARANTINE_MS };
}

test('the sweep asks for what is overdue, and leaves the rest to its job', async () => {
  const { world } = resting();
  const ticks = requests();
  void ticks.run(stop.signal);
  void ticks.sweep(() => [world], stop.signal);
  for (let elapsedMs = 0; elapsedMs < QUARANTINE_MS; elapsedMs += SWEEP_EVERY_MS) {
    await expect.poll(() => clock.waiting()).toBe(1);
    clock.advance(SWEEP_EVERY_MS);
  }
  await expect.poll(() => clock.waiting()).toBe(1);
  // It has just become due: its job may be about to bring it.
  expect(added).toEqual([]);
  clock.advance(SWEEP_EVERY_MS);
  await expect.poll(() => added.length).toBe(1);
  expect(added[0]?.[0]).toContain('ns/shop');
});
