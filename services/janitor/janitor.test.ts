/** What the janitor could delete, and that it deletes nothing. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepingLog } from '../../test/log-lines.ts';
import { type Reopenable, reopenable } from '../../test/reopenable.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { TOPICS } from '../contract/topics.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { BerthFunction } from '../runtime/define-function.ts';
import { createJanitor } from './janitor.ts';

const EVERY_MS = 1000;
const PARTITIONS = 2;
const topic = TOPICS.events.name;

let logStorage: Reopenable<EventLog>;
let storage: Reopenable<Checkpoints>;
let clock: ReturnType<typeof manualClock>;
let log: ReturnType<typeof keepingLog>;
let stop: AbortController;
let ended: Promise<void>;

beforeEach(async () => {
  clock = manualClock();
  log = keepingLog();
  stop = new AbortController();
  ended = Promise.resolve();
  logStorage = await reopenable((dir) =>
    lmdbEventLog({ dir, partitionCount: PARTITIONS }, { clock }),
  );
  storage = await reopenable((dir) => lmdbCheckpoints({ dir }));
});

afterEach(async () => {
  stop.abort();
  await ended;
  await storage.teardown();
  await logStorage.teardown();
});

function start(change: Partial<EventLog> = {}) {
  const eventLog = { ...logStorage.opened, ...change };
  const components = { eventLog, checkpoints: storage.opened, clock, log };
  const janitor = createJanitor({ everyMs: EVERY_MS }, components);
  const [{ handler }] = janitor.functions as [BerthFunction];
  ended = (handler as (signal: AbortSignal) => Promise<void>)(stop.signal);
  return janitor;
}

const append = () =>
  logStorage.opened.append(
    topic,
    Array.from({ length: 20 }, (_, at) => ({ key: `ns/${at}`, value: {} })),
  );

test('tells how many records checkpoints cover, and deletes none of them', async () => {
  await append();
  const before = [await logStorage.opened.starts(topic), await logStorage.opened.ends(topic)];
  await storage.opened.save({ checkpoints: [], version: { 1: 4 } });
  const janitor = start();
  const covered = (first: number, second: number) => [
    { partition: 0, records: first },
    { partition: 1, records: second },
  ];
  await expect.poll(janitor.covered).toEqual(covered(0, 5));
  await storage.opened.save({ checkpoints: [], version: { 0: 2, 1: 6 } });
  await expect.poll(() => clock.waiting()).toBe(1);
  clock.advance(EVERY_MS);
  await expect.poll(janitor.covered).toEqual(covered(3, 7));
  expect([await logStorage.opened.starts(topic), await logStorage.opened.ends(topic)]).toEqual(
    before,
  );
  expect(log.lines.map(({ level }) => level)).toEqual(['info']);
});

test('of what was deleted already it counts nothing', async () => {
  await storage.opened.save({ checkpoints: [], version: { 0: 9, 1: 9 } });
  const janitor = start({ starts: async () => ({ 0: 4, 1: 30 }) });
  await expect.poll(janitor.covered).toEqual([
    { partition: 0, records: 6 },
    { partition: 1, records: 0 },
  ]);
});

test('a look that fails is told, and made again', async () => {
  let failures = 1;
  const janitor = start({
    starts: async () => {
      failures -= 1;
      if (failures === 0) throw new Error('not now');
      return { 0: 0, 1: 0 };
    },
  });
  await expect.poll(() => log.lines.map(({ level }) => level)).toEqual(['info', 'warn']);
  expect(janitor.covered()).toEqual([]);
  await expect.poll(() => clock.waiting()).toBe(1);
  clock.advance(EVERY_MS);
  await expect.poll(() => janitor.covered().length).toBe(PARTITIONS);
});
