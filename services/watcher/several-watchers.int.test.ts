/** Of several watchers on one log one watches; which, is a matter of calm and of nothing else. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../test/temporary-folder.ts';
import { namespaceKey } from '../contract/identity.ts';
import { lmdbCheckpoints } from '../ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { systemClock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { pod } from './objects-fixtures.ts';
import { watcherFunction } from './watcher.ts';
import {
  type HistoryReader,
  type OutsideWorld,
  outsideWorld,
  readHistory,
} from './watcher-fixtures.ts';

const SHOP = namespaceKey('shop');

let folder: TemporaryFolder;
let eventLog: EventLog;
let checkpoints: Checkpoints;
let outside: OutsideWorld;
let history: HistoryReader;
let stopping: AbortController;
let running: Promise<void>[];

beforeEach(async () => {
  folder = await temporaryFolder();
  eventLog = await lmdbEventLog({ dir: folder.path }, { clock: systemClock() });
  checkpoints = lmdbCheckpoints({ dir: folder.path });
  outside = outsideWorld();
  history = readHistory(eventLog);
  stopping = new AbortController();
  running = [];
});

afterEach(async () => {
  stopping.abort();
  await Promise.all(running);
  await history.stop();
  await checkpoints.close();
  await eventLog.close();
  await folder.remove();
});

function start(log: EventLog): void {
  const clock = systemClock();
  const { handler } = watcherFunction(
    {},
    {
      source: outside.source,
      eventLog: log,
      checkpoints,
      clock: { ...clock, sleep: (_, signal) => clock.sleep(1, signal) },
      random: systemRandom(),
      log: jsonLog({ level: 'silent' }),
    },
  );
  running.push((handler as (signal: AbortSignal) => Promise<void>)(stopping.signal));
}

/** The log for one member of a group, and what tells it its partitions. */
function member(): { readonly log: EventLog; give(partitions: readonly number[]): void } {
  let next = Promise.withResolvers<readonly number[]>();
  async function* join(
    _group: string,
    _topic: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly number[]> {
    const aborted = new Promise<null>((done) => {
      signal.addEventListener('abort', () => done(null), { once: true });
    });
    for (;;) {
      const partitions = await Promise.race([next.promise, aborted]);
      if (partitions === null) return;
      next = Promise.withResolvers();
      yield partitions;
    }
  }
  return { log: { ...eventLog, join }, give: (partitions) => next.resolve(partitions) };
}

function uids(): string {
  const pods = [...(history.world.namespace('shop')?.pods.values() ?? [])];
  const present = pods.filter((each) => each.present).map(({ facts }) => facts.uid);
  return present.sort().join();
}

function terms(): number {
  const started = history.events.filter(({ record }) => record.body.type === 'WatchStarted');
  return started.filter(({ record }) => record.aggregate === SHOP).length;
}

test('those without the lead stand by; who gets it records what changed meanwhile', async () => {
  const [first, second] = [member(), member()];
  outside.put(pod('web-1'));
  start(first.log);
  start(second.log);
  second.give([2, 3]);
  first.give([0, 1]);
  await history.until(() => uids() === 'web-1');
  expect(terms()).toBe(1);
  first.give([]);
  second.give([0, 1, 2, 3]);
  await history.until(() => terms() === 2);
  outside.put(pod('web-2'));
  await history.until(() => uids() === 'web-1,web-2');
  // Nobody took it back.
  expect(terms()).toBe(2);
  expect(history.ignored).toEqual([]);
});

test('two that both believe to have it do no harm', async () => {
  outside.put(pod('web-1'));
  start(eventLog);
  start(eventLog);
  await history.until(() => terms() >= 3);
  outside.put(pod('web-2'));
  await history.until(() => uids() === 'web-1,web-2');
});
