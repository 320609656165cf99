/** How often passes are saved: soon while small, seldom while big, never too late. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepingLog } from '../../test/log-lines.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { berthError } from '../contract/errors.ts';
import type { Checkpointer } from './checkpointing.ts';
import { savePasses } from './pass-pace.ts';

const EVERY_MS = 5000;
const MEGABYTE = 1_000_000;

let clock: ReturnType<typeof manualClock>;
let log: ReturnType<typeof keepingLog>;
let stop: AbortController;
let saved: string[];

beforeEach(() => {
  clock = manualClock();
  log = keepingLog();
  stop = new AbortController();
  saved = [];
});
afterEach(() => stop.abort());

interface Fake extends Checkpointer {
  records: number;
  characters: number;
  error: Error | null;
}

function fake(name: string, characters: number): Fake {
  const one: Fake = {
    records: 1,
    characters,
    error: null,
    changed: () => undefined,
    async save() {
      if (one.error !== null) throw one.error;
      saved.push(name);
      return one.characters;
    },
  };
  return one;
}

function run(...all: Fake[]): Promise<void> {
  return savePasses({ everyMs: EVERY_MS, checkpointers: () => all }, { clock, log }, stop.signal);
}

/** So many looks, one after the other. */
async function pass(looks: number): Promise<void> {
  for (let look = 0; look < looks; look++) {
    await expect.poll(() => clock.waiting()).toBe(1);
    clock.advance(EVERY_MS);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

test('small ones are saved at each look, and where nothing changed nothing is', async () => {
  const [a, b] = [fake('a', 1000), fake('b', 1000)];
  void run(a, b);
  await pass(2);
  b.records = 0;
  await pass(1);
  expect(saved).toEqual(['a', 'b', 'a', 'b', 'a']);
});

test('of big ones a megabyte a second is written, and all have their turn', async () => {
  void run(fake('a', 20 * MEGABYTE), fake('b', 20 * MEGABYTE), fake('c', 20 * MEGABYTE));
  await pass(40);
  expect(saved.length).toBeGreaterThanOrEqual(10);
  expect(saved.length).toBeLessThanOrEqual(11);
  expect(saved.slice(0, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
});

test('one with too much that is not saved does not wait', async () => {
  const [big, busy] = [fake('big', 200 * MEGABYTE), fake('busy', MEGABYTE)];
  void run(big, busy);
  await pass(3);
  expect(saved).toEqual(['big']);
  busy.records = 100_000;
  await pass(1);
  expect(saved).toEqual(['big', 'busy']);
});

test('one that cannot be saved is told of, and tried again', async () => {
  const one = fake('a', 1000);
  one.error = new Error('the disk is full');
  void run(one);
  await pass(1);
  expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  one.error = null;
  await pass(1);
  expect(saved).toEqual(['a']);
});

test('a fold that differs from its checkpoint ends all', async () => {
  const one = fake('a', 1000);
  one.error = berthError('BERTH_FOLD_CHECKPOINT_DIFFERS', { aggregate: 'pools', offset: 3 });
  const ended = run(one);
  ended.catch(() => undefined);
  await pass(1);
  await expect(ended).rejects.toBe(one.error);
});
