/** Partitions that come and go, on a real log, with a group that says what the test says. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepingLog } from '../../test/log-lines.ts';
import { type Reopenable, reopenable } from '../../test/reopenable.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { berthError } from '../contract/errors.ts';
import { partitionOf } from '../contract/partition.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import { type PartitionsHandler, partitions } from './define-function.ts';
import { runPartitions } from './partitions-runner.ts';

const PARTITIONS = 3;
const KEYS = ['ns/a', 'ns/b', 'ns/c', 'ns/d', 'ns/e', 'ns/f'];

let storage: Reopenable<EventLog>;
let stop: AbortController;
let clock: ReturnType<typeof manualClock>;
let log: ReturnType<typeof keepingLog>;
let ended: Promise<void> | null;

beforeEach(async () => {
  clock = manualClock();
  log = keepingLog();
  stop = new AbortController();
  ended = null;
  storage = await reopenable((dir) => lmdbEventLog({ dir, partitionCount: PARTITIONS }, { clock }));
});

afterEach(async () => {
  stop.abort();
  await ended?.catch(() => undefined);
  await storage.teardown();
});

/** A group whose word is the test's; everything else of the log is real. */
function scriptedGroup() {
  let current: readonly number[] | null = null;
  let wake: () => void = () => undefined;
  async function* join(_group: string, _topic: string, signal: AbortSignal) {
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      if (current === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const now = current;
      current = null;
      yield now;
    }
  }
  return {
    join,
    assign(now: readonly number[]): void {
      current = now;
      wake();
    },
  };
}

/** Writes down what it hears. */
function scribe(change: Partial<PartitionsHandler> = {}) {
  const heard: string[] = [];
  const handler: PartitionsHandler = {
    assigned: (all) => heard.push(`own ${all}`),
    take: async (partition, signal) => {
      signal.addEventListener('abort', () => heard.push(`lose ${partition}`));
      return {
        from: 0,
        batch: async (entries) => {
          heard.push(...entries.map((entry) => `read ${entry.partition}:${entry.offset}`));
        },
        caughtUp: async () => {
          heard.push(`caught up ${partition}`);
        },
      };
    },
    ...change,
  };
  return { heard, handler };
}

function run(handler: PartitionsHandler, overrides: Partial<EventLog> = {}) {
  const group = scriptedGroup();
  const eventLog = { ...storage.opened, join: group.join, ...overrides };
  const trigger = partitions('berth.events', 'mapper');
  ended = runPartitions(trigger, handler, { eventLog, clock, log }, stop.signal);
  ended.catch(() => undefined);
  return group;
}

const append = () =>
  storage.opened.append(
    'berth.events',
    KEYS.map((key) => ({ key, value: {} })),
  );
const countIn = (partition: number): number =>
  KEYS.filter((key) => partitionOf(key, PARTITIONS) === partition).length;
const readsOf = (heard: readonly string[], partition: number): number =>
  heard.filter((line) => line.startsWith(`read ${partition}:`)).length;

test('reads what it is given, each partition by itself, and nothing else', async () => {
  await append();
  const { heard, handler } = scribe();
  const group = run(handler);
  group.assign([0, 2]);
  await expect.poll(() => heard.filter((line) => line.startsWith('caught up')).length).toBe(2);
  expect([0, 1, 2].map((each) => readsOf(heard, each))).toEqual([countIn(0), 0, countIn(2)]);
  expect(heard[0]).toBe('own 0,2');
});

test('goes on with what it keeps, begins with what is new, ends what is taken', async () => {
  const { heard, handler } = scribe();
  const group = run(handler);
  group.assign([0, 1]);
  await expect.poll(() => heard).toContain('caught up 1');
  group.assign([1, 2]);
  await expect.poll(() => heard).toContain('caught up 2');
  expect(heard.filter((line) => line.startsWith('lose'))).toEqual(['lose 0']);
  await append();
  await expect.poll(() => readsOf(heard, 1) + readsOf(heard, 2)).toBe(countIn(1) + countIn(2));
  expect(readsOf(heard, 0)).toBe(0);
  expect(heard.filter((line) => line === 'caught up 1')).toHaveLength(1);
});

test('takes a partition anew that it had before, though an old batch has not ended', async () => {
  await append();
  const { promise: forEver, resolve: release } = Promise.withResolvers<void>();
  let taken = 0;
  const handled: number[] = [];
  const group = run({
    assigned: () => undefined,
    take: async () => {
      taken += 1;
      const life = taken;
      return {
        from: 0,
        batch: async () => {
          handled.push(life);
          if (life === 1) await forEver;
        },
        caughtUp: async () => undefined,
      };
    },
  });
  group.assign([0]);
  await expect.poll(() => handled).toEqual([1]);
  group.assign([]);
  group.assign([]);
  await expect.poll(() => taken).toBe(1);
  await new Promise<void>((resolve) => setImmediate(resolve));
  group.assign([0]);
  await expect.poll(() => handled).toEqual([1, 2]);
  release();
});

test('commits under the name of its group how far each came, now and then', async () => {
  await append();
  const commits: [string, Offsets][] = [];
  const { heard, handler } = scribe();
  const group = run(handler, {
    commit: async (cursor, _topic, offsets) => {
      commits.push([cursor, offsets]);
    },
  });
  group.assign([0, 1, 2]);
  await expect.poll(() => heard.filter((line) => line.startsWith('caught up')).length).toBe(3);
  expect(commits).toEqual([]);
  clock.advance(1000);
  const counts = { 0: countIn(0), 1: countIn(1), 2: countIn(2) };
  await expect.poll(() => commits).toEqual([['mapper', counts]]);
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.advance(60_000);
  expect(commits).toHaveLength(1);
});

test('an offset that cannot be committed stops nothing, and comes with the next', async () => {
  const commits: Offsets[] = [];
  const { heard, handler } = scribe();
  const group = run(handler, {
    commit: async (_cursor, _topic, offsets) => {
      commits.push(offsets);
      if (commits.length === 1) throw new Error('not now');
    },
  });
  group.assign([0]);
  await expect.poll(() => heard).toContain('caught up 0');
  for (const round of [1, 2]) {
    await append();
    await expect.poll(() => readsOf(heard, 0)).toBe(round * countIn(0));
    await expect.poll(() => clock.waiting()).toBe(1);
    clock.advance(1000);
    await expect.poll(() => commits.length).toBe(round);
  }
  expect(commits.at(-1)).toEqual({ 0: 2 * countIn(0) });
});

test('a reader that fails ends all of it with its error', async () => {
  await append();
  const error = new Error('an unknown type');
  const { heard, handler } = scribe();
  const group = run({
    ...handler,
    take: async (partition, signal) => {
      const reader = await handler.take(partition, signal);
      if (partition !== 1) return reader;
      return { ...reader, batch: () => Promise.reject(error) };
    },
  });
  group.assign([0, 1]);
  await expect(ended).rejects.toBe(error);
  expect(heard).toContain('lose 0');
  expect(log.lines).toContainEqual({
    level: 'error',
    fields: { group: 'mapper', partition: 1, error },
    message: expect.any(String),
  });
});

/** Fails so often, at its making or at its first batch, before it does as `handler` says. */
function failing(handler: PartitionsHandler, times: number, error: Error): PartitionsHandler {
  let taken = 0;
  return {
    ...handler,
    take: async (partition, signal) => {
      taken += 1;
      const reader = await handler.take(partition, signal);
      if (taken > times) return reader;
      if (taken % 2 === 0) throw error;
      return { ...reader, batch: () => Promise.reject(error) };
    },
  };
}

async function passPauses(count: number): Promise<void> {
  for (let pause = 0; pause < count; pause++) {
    await expect.poll(() => clock.waiting()).toBe(1);
    clock.advance(30_000);
  }
}

test('a reader that time may cure is made anew, later each time', async () => {
  await append();
  const error = berthError('BERTH_LOG_UNREACHABLE', { brokers: 'b', reason: 'away' });
  const { heard, handler } = scribe();
  const group = run(failing(handler, 7, error));
  group.assign([0]);
  await passPauses(7);
  await expect.poll(() => heard).toContain('caught up 0');
  expect(readsOf(heard, 0)).toBe(countIn(0));
  expect(log.lines.map(({ level }) => level)).toEqual(Array(7).fill('warn'));
});

test('one that needs fresh state gets it, three times', async () => {
  await append();
  const error = berthError('BERTH_LOG_OFFSET_GONE', {
    offset: 0,
    topic: 'berth.events',
    partition: 0,
    start: 9,
  });
  const { heard, handler } = scribe();
  const first = run(failing(handler, 3, error));
  first.assign([0]);
  await passPauses(3);
  await expect.poll(() => heard).toContain('caught up 0');
  stop.abort();
  await ended;
  stop = new AbortController();
  const second = run(failing(scribe().handler, 4, error));
  second.assign([0]);
  await passPauses(3);
  await expect(ended).rejects.toBe(error);
});

test('a partition whose reader cannot be made ends all of it too', async () => {
  const error = new Error('no checkpoints');
  const group = run({ ...scribe().handler, take: () => Promise.reject(error) });
  group.assign([0]);
  await expect(ended).rejects.toBe(error);
});

test('what fails of a partition that was taken away already is only told', async () => {
  await append();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const { heard, handler } = scribe();
  const group = run({
    ...handler,
    take: async (partition, signal) => {
      const reader = await handler.take(partition, signal);
      return partition === 0 ? { ...reader, batch: () => late } : reader;
    },
  });
  group.assign([0]);
  await expect.poll(() => heard).toContain('own 0');
  await new Promise<void>((resolve) => setImmediate(resolve));
  group.assign([1]);
  await expect.poll(() => heard).toContain('caught up 1');
  reject(new Error('too late'));
  await expect.poll(() => log.lines.map(({ level }) => level)).toEqual(['warn']);
  stop.abort();
  await ended;
});

test('ends with the group that cannot be joined, and in order when it is told to', async () => {
  const error = new Error('no coordinator');
  run(scribe().handler, {
    // biome-ignore lint/correctness/useYield: it fails before it says anything.
    async *join() {
      throw error;
    },
  });
  await expect(ended).rejects.toBe(error);
  const { heard, handler } = scribe();
  const group = run(handler);
  group.assign([0]);
  await expect.poll(() => heard).toContain('caught up 0');
  stop.abort();
  await ended;
  expect(heard.at(-1)).toBe('lose 0');
  expect(clock.waiting()).toBe(0);
});
