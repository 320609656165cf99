/**
 * Not shared: a broker stamps its own time, counts its own partitions and has no owner, so none
 * of this can be asked of every log.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReading } from '../../../test/log-reading.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { lmdbEventLog } from './lmdb.ts';

const START_MS = 1_000_000;

let folder: TemporaryFolder;
const clock = manualClock();
const open = (partitionCount?: number) =>
  lmdbEventLog(
    partitionCount === undefined ? { dir: folder.path } : { dir: folder.path, partitionCount },
    { clock },
  );

beforeEach(async () => {
  folder = await temporaryFolder();
  clock.set(START_MS);
});

afterEach(() => folder.remove());

test('append time comes from the clock, in whole milliseconds', async () => {
  const log = await open();
  clock.set(START_MS + 0.7);
  const [entry] = await log.append('berth.events', [{ key: 'pools', value: {} }]);
  expect(entry?.timeMs).toBe(START_MS);
  await log.close();
});

test('append time never goes back in a partition, also over a restart', async () => {
  const appendAt = async (nowMs: number): Promise<number | undefined> => {
    const log = await open();
    clock.set(nowMs);
    const [entry] = await log.append('berth.events', [{ key: 'pools', value: {} }]);
    await log.close();
    return entry?.timeMs;
  };
  expect(await appendAt(START_MS)).toBe(START_MS);
  expect(await appendAt(START_MS - 5_000)).toBe(START_MS);
  expect(await appendAt(START_MS + 1)).toBe(START_MS + 1);
});

test('has four partitions if nothing is said', async () => {
  const log = await open();
  expect(log.partitionCount('berth.events')).toBe(4);
  expect(Object.keys(await log.ends('berth.acks'))).toEqual(['0', '1', '2', '3']);
  await log.close();
});

test('refuses another partition count than it was made with, and stays usable', async () => {
  await (await open(8)).close();
  await expect(open(4)).rejects.toMatchObject({
    code: 'BERTH_LOG_PARTITIONS',
    details: { have: 8, want: 4 },
  });
  await (await open(8)).close();
});

test('refuses a second owner within one process, and the first goes on', async () => {
  const log = await open();
  await expect(open()).rejects.toMatchObject({
    code: 'BERTH_LOG_IN_USE',
    details: { pid: process.pid },
  });
  await log.append('berth.events', [{ key: 'pools', value: {} }]);
  await log.close();
  await (await open()).close();
});

test('refuses a key that LMDB could not hold, and takes the longest that it can', async () => {
  const log = await open();
  const append = (bytes: number) =>
    log.append('berth.nodes', [{ key: 'k'.repeat(bytes), value: {} }]);
  await expect(append(1_025)).rejects.toMatchObject({ code: 'BERTH_LOG_BAD_ENTRY' });
  expect(await append(1_024)).toHaveLength(1);
  await log.close();
});

test('deletes what is superseded in a compacted topic, and nothing in another', async () => {
  const log = await open(1);
  for (const number of [1, 2, 3]) {
    const call = ['n1', 'n2', 'n1'].map((key) => ({ key, value: { number } }));
    await log.append('berth.nodes', call);
    await log.append('berth.acks', call);
  }
  const [nodes, acks] = [startReading(log, 'berth.nodes'), startReading(log, 'berth.acks')];
  await nodes.until(2);
  await acks.until(9);
  await Promise.all([nodes.stop(), acks.stop()]);
  expect(nodes.entries.map(({ key, offset }) => [key, offset])).toEqual([
    ['n2', 7],
    ['n1', 8],
  ]);
  expect(acks.entries).toHaveLength(9);
  await log.close();
});

/** Seen by what compaction takes away at once, which no broker does. */
test('reads at most one batch ahead of who takes them', async () => {
  const batchMax = 4;
  const log = await lmdbEventLog(
    { dir: folder.path, partitionCount: 1, readBatchMax: batchMax },
    { clock },
  );
  const keys = Array.from({ length: 6 * batchMax }, (_, number) => `n${number}/agent`);
  const appendAll = (number: number) =>
    log.append(
      'berth.nodes',
      keys.map((key) => ({ key, value: { number } })),
    );
  await appendAll(1);
  const reader = log.read('berth.nodes', {}, new AbortController().signal)[Symbol.asyncIterator]();
  let old = (await reader.next()).value?.length ?? 0;
  await appendAll(2);
  for (let fresh = 0; fresh < keys.length; ) {
    for (const { value } of (await reader.next()).value ?? []) {
      if (value['number'] === 1) old += 1;
      else fresh += 1;
    }
  }
  await reader.return?.();
  expect(old).toBeLessThanOrEqual(2 * batchMax);
  await log.close();
});

test('refuses more than it can hold while the disk is busy', async () => {
  const log = await open();
  const call = Array.from({ length: 100_000 }, () => ({ key: 'pools', value: {} }));
  const accepted = [log.append('berth.events', call), log.append('berth.events', call)];
  await expect(log.append('berth.events', [{ key: 'pools', value: {} }])).rejects.toMatchObject({
    code: 'BERTH_LOG_OVERLOADED',
  });
  await Promise.all(accepted);
  expect(await log.append('berth.events', [{ key: 'pools', value: {} }])).toHaveLength(1);
  await log.close();
});

test('says what is wrong with a file that is no log', async () => {
  mkdirSync(join(folder.path, 'log'));
  writeFileSync(join(folder.path, 'log', 'data.mdb'), 'x'.repeat(8_192));
  await expect(open()).rejects.toMatchObject({ code: 'BERTH_LOG_UNREADABLE' });
});
