/** A stream function on a real log: what it gets, when it has caught up, how it ends. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Reopenable, reopenable } from '../../test/reopenable.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import { systemClock } from './clock.ts';
import { type StreamHandler, stream } from './define-function.ts';
import { runStream } from './stream-runner.ts';

const READ_BATCH_MAX = 3;

let storage: Reopenable<EventLog>;
let log: EventLog;
let abort: AbortController;

beforeEach(async () => {
  storage = await reopenable((dir) =>
    lmdbEventLog({ dir, readBatchMax: READ_BATCH_MAX }, { clock: systemClock() }),
  );
  log = storage.opened;
  abort = new AbortController();
});

afterEach(() => storage.teardown());

const append = (count: number) =>
  log.append(
    'berth.events',
    Array.from({ length: count }, (_, index) => ({ key: `ns/${index}`, value: { index } })),
  );

/** Writes down what it hears: the size of each batch, and `caught up`. */
function scribe(overrides: Partial<StreamHandler> = {}): StreamHandler & { heard: unknown[] } {
  const heard: unknown[] = [];
  return {
    heard,
    async batch(entries) {
      heard.push(entries.length);
    },
    async caughtUp() {
      heard.push('caught up');
    },
    ...overrides,
  };
}

const run = (handler: StreamHandler, from: () => Promise<Offsets> = async () => ({})) =>
  runStream(stream('berth.events', from), handler, log, abort.signal);

const entriesHeard = (heard: readonly unknown[]): number =>
  heard.reduce<number>((sum, each) => sum + (typeof each === 'number' ? each : 0), 0);

test('hears that it has caught up at once when the topic is empty', async () => {
  const handler = scribe();
  const ended = run(handler);
  await expect.poll(() => handler.heard).toEqual(['caught up']);
  await append(1);
  await expect.poll(() => handler.heard).toEqual(['caught up', 1]);
  abort.abort();
  await ended;
});

test('hears that it has caught up once, after all that was there at the start', async () => {
  await append(40);
  const handler = scribe();
  const ended = run(handler);
  await expect.poll(() => handler.heard.at(-1)).toBe('caught up');
  expect(entriesHeard(handler.heard)).toBe(40);
  await append(40);
  await expect.poll(() => entriesHeard(handler.heard)).toBe(80);
  expect(handler.heard.filter((each) => each === 'caught up')).toHaveLength(1);
  abort.abort();
  await ended;
});

test('refuses to start beyond the end: its place is in a log that is not this one', async () => {
  await append(5);
  const handler = scribe();
  const ended = run(handler, async () => ({ ...(await log.ends('berth.events')), 0: 1000 }));
  await expect(ended).rejects.toMatchObject({ code: 'BERTH_RUNTIME_BEYOND_END' });
  expect(handler.heard).toEqual([]);
});

test('has caught up at once where `from` says that it has read everything', async () => {
  await append(20);
  const handler = scribe();
  const ended = run(handler, () => log.ends('berth.events'));
  await expect.poll(() => handler.heard).toEqual(['caught up']);
  abort.abort();
  await ended;
});

test('does not count as not caught up what is appended while it reads', async () => {
  await append(10);
  let extra = 0;
  const handler = scribe({
    async batch() {
      if (extra < 5) await append(4);
      extra += 1;
    },
  });
  const ended = run(handler);
  await expect.poll(() => handler.heard).toEqual(['caught up']);
  abort.abort();
  await ended;
});

test('catches up on a compacted topic whose entries were replaced meanwhile', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `node-${index}/agent`);
  const appendAll = (number: number) =>
    log.append(
      'berth.nodes',
      keys.map((key) => ({ key, value: { number } })),
    );
  await appendAll(1);
  let replaced = false;
  const handler = scribe({
    async batch() {
      if (!replaced) await appendAll(2);
      replaced = true;
    },
  });
  const trigger = stream('berth.nodes', async () => ({}));
  const ended = runStream(trigger, handler, log, abort.signal);
  await expect.poll(() => handler.heard).toEqual(['caught up']);
  abort.abort();
  await ended;
});

test('takes one batch at a time', async () => {
  await append(40);
  let inside = 0;
  let most = 0;
  const handler = scribe({
    async batch() {
      inside += 1;
      most = Math.max(most, inside);
      await log.ends('berth.events');
      inside -= 1;
    },
  });
  const ended = run(handler);
  await expect.poll(() => handler.heard).toEqual(['caught up']);
  expect(most).toBe(1);
  abort.abort();
  await ended;
});

test('ends with what the handler threw, in a batch or when it had caught up', async () => {
  const failure = new Error('met an unknown type');
  const batch = () => Promise.reject(failure);
  await append(5);
  await expect(run(scribe({ batch }))).rejects.toBe(failure);
  const caughtUp = batch;
  await expect(run(scribe({ caughtUp }))).rejects.toBe(failure);
  await expect(run(scribe(), batch)).rejects.toBe(failure);
});

test.each([1, 40])('of %i entries gives nothing more once it was told to stop', async (count) => {
  await append(count);
  const handler = scribe({
    async batch(entries) {
      handler.heard.push(entries.length);
      abort.abort();
    },
  });
  await run(handler);
  expect(handler.heard).toHaveLength(1);
});

test('does not begin when it was told to stop while it asked where from', async () => {
  const handler = scribe();
  await run(handler, async () => {
    abort.abort();
    return {};
  });
  expect(handler.heard).toEqual([]);
});
