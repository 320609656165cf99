/**
 * A long history in the embedded log, on disk, read from its beginning into a full state; and the
 * same log only read. The log stamps by the history's clock, so its states are the writer's.
 */
import { createWorld } from '../../../services/aggregates/world.ts';
import { loggedEvent } from '../../../services/contract/logged-event.ts';
import { TOPICS } from '../../../services/contract/topics.ts';
import { lmdbEventLog } from '../../../services/ports/event-log/lmdb.ts';
import type { Entry, EventLog } from '../../../services/ports/event-log/port.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Measure, Proof } from '../benchmark.ts';
import { grouped } from '../numbers.ts';
import { inTurn, ratios, spent } from '../rounds.ts';
import { createHistory, type HistoryInit, PARTITION_COUNT } from './history.ts';
import { worldHash } from './world-hash.ts';

export interface ReplayInit {
  readonly history: HistoryInit;
  readonly records: number;
  readonly rounds: number;
}

const CHANGES_PER_STEP = 200;
const topic = TOPICS.events.name;

export async function measureReplay(init: ReplayInit): Promise<{
  readonly measures: readonly Measure[];
  readonly proofs: readonly Proof[];
}> {
  const folder = await temporaryFolder();
  const history = createHistory(init.history);
  const clock = { ...systemClock(), nowMs: history.nowMs };
  const log = await lmdbEventLog({ dir: folder.path, partitionCount: PARTITION_COUNT }, { clock });
  let written = 0;
  while (written < init.records) {
    const entries = history
      .step(CHANGES_PER_STEP)
      .map(({ record }) => ({ key: record.aggregate, value: { ...record } }));
    await log.append(topic, entries);
    written += entries.length;
  }
  const hashes: string[] = [];
  const { replayed, read } = await inTurn(init.rounds, {
    replayed: async () => {
      const world = createWorld();
      const time = await spent(() =>
        readAll(log, (entry) => {
          world.apply(loggedEvent(entry));
        }),
      );
      hashes.push(worldHash(world));
      return time;
    },
    read: () => spent(() => readAll(log, () => undefined)),
  });
  await log.close();
  await folder.remove();

  const wanted = worldHash(history.world);
  // The last step wrote a few more than the round number.
  const share = init.records / written;
  const cpu = replayed.map(({ cpuSeconds }) => cpuSeconds * share);
  return {
    measures: [
      {
        what: `replay of ${grouped(init.records)} records from disk into a full state, one core`,
        unit: 's',
        values: cpu,
        note: 'CPU seconds',
        ...(init.records === 1_000_000 && { goal: { atMost: 10 } }),
      },
      {
        what: 'the same by the wall clock',
        unit: 's',
        values: replayed.map(({ wallSeconds }) => wallSeconds * share),
      },
      {
        what: 'replay as a multiple of reading the log alone',
        unit: 'x',
        values: ratios(
          replayed.map(({ cpuSeconds }) => cpuSeconds),
          read.map(({ cpuSeconds }) => cpuSeconds),
        ),
      },
    ],
    proofs: [
      {
        what: `each replay of ${grouped(written)} records ends in the writer's state`,
        holds: hashes.length === init.rounds && hashes.every((hash) => hash === wanted),
      },
    ],
  };
}

/** Its events, from the first to the one that is the last now. */
export async function readAll(log: EventLog, take: (entry: Entry) => void): Promise<void> {
  const ends = await log.ends(topic);
  let left = Object.values(ends).reduce((sum, end) => sum + end, 0);
  const stop = new AbortController();
  for await (const batch of log.read(topic, {}, stop.signal)) {
    for (const entry of batch) take(entry);
    left -= batch.length;
    if (left <= 0) break;
  }
  stop.abort();
}
