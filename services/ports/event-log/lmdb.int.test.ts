/**
 * Not shared: a broker's durability is the broker's own, and has no owner's lock. Here the process
 * that owns the log is killed for real, in the middle of its appends.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Acknowledged, APPEND_UNTIL_KILLED } from '../../../test/crash/append-until-killed.ts';
import { type CrashingProcess, startCrashing } from '../../../test/crash/crashing-process.ts';
import { readEverything } from '../../../test/log-reading.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { systemClock } from '../../runtime/clock.ts';
import { lmdbEventLog } from './lmdb.ts';
import type { Entry, EventLog } from './port.ts';

const ROUNDS = 4;

let folder: TemporaryFolder;
const started: CrashingProcess[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
  await folder.remove();
});

const start = (mode: string): CrashingProcess => {
  const each = startCrashing(APPEND_UNTIL_KILLED, [folder.path, mode]);
  started.push(each);
  return each;
};
const openLog = (): Promise<EventLog> =>
  lmdbEventLog({ dir: folder.path }, { clock: systemClock() });

const place = ({ partition, offset }: Entry): string => `${partition}/${offset}`;

test('every append that was acknowledged survives SIGKILL, and offsets stay dense', async () => {
  const acknowledged: Acknowledged[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = start(`round-${round}`);
    await writer.linesWritten(50 + 137 * round);
    await writer.kill();
    acknowledged.push(...writer.lines.map((line) => JSON.parse(line) as Acknowledged));

    const log = await openLog();
    const entries = await readEverything(log, 'berth.events');
    const byPlace = new Map(entries.map((entry) => [place(entry), entry]));
    for (const { topic, entries: expected } of acknowledged) {
      if (topic !== 'berth.events') continue;
      for (const entry of expected) expect(byPlace.get(place(entry))).toEqual(entry);
    }
    for (const [partition, end] of Object.entries(await log.ends('berth.events'))) {
      const offsets = entries.filter((entry) => entry.partition === Number(partition));
      expect(offsets.map(({ offset }) => offset)).toEqual([...Array(end).keys()]);
    }
    await log.close();
  }
});

test('an append is there as a whole or not at all after SIGKILL, its key in order', async () => {
  const writer = start('once');
  await writer.linesWritten(300);
  await writer.kill();
  const log = await openLog();
  const next = new Map<unknown, { number: unknown; index: unknown }>();
  for (const { value } of await readEverything(log, 'berth.events')) {
    const { lane, number, index, size } = value as Record<string, number>;
    expect({ number, index }).toEqual(next.get(lane) ?? { number: 0, index: 0 });
    const whole = (index ?? 0) + 1 === size;
    next.set(
      lane,
      whole ? { number: (number ?? 0) + 1, index: 0 } : { number, index: (index ?? 0) + 1 },
    );
  }
  for (const { index } of next.values()) expect(index).toBe(0);
  await log.close();
});

test('the latest of a compacted topic is what was acknowledged last, or newer', async () => {
  const writer = start('once');
  await writer.linesWritten(200);
  await writer.kill();
  const calls = writer.lines.map((line) => JSON.parse(line) as Acknowledged);
  const last = calls
    .filter(({ topic }) => topic === 'berth.nodes')
    .at(-1)
    ?.entries.at(-1);
  const log = await openLog();
  const latest = (await log.latest('berth.nodes')).get(last?.key ?? '');
  expect(latest?.offset).toBeGreaterThanOrEqual(last?.offset ?? 0);
  await log.close();
});

test('a second process is refused with the owner’s pid, until the owner is killed', async () => {
  const owner = start('hold');
  await owner.linesWritten(1);
  expect(owner.lines).toEqual(['"open"']);
  await expect(openLog()).rejects.toMatchObject({
    code: 'BERTH_LOG_IN_USE',
    details: { pid: owner.pid },
  });
  await owner.kill();
  const log = await openLog();
  await log.close();
});

test('of processes that want a dead owner’s log at once exactly one gets it', async () => {
  const dead = start('hold');
  await dead.linesWritten(1);
  await dead.kill();
  const rivals = ['hold', 'hold', 'hold'].map(start);
  await Promise.all(rivals.map((each) => each.linesWritten(1)));
  const answers = rivals.flatMap(({ lines }) => lines).sort();
  expect(answers).toEqual(['"BERTH_LOG_IN_USE"', '"BERTH_LOG_IN_USE"', '"open"']);
});
