/** One history in both logs, read from the beginning: into a full state, and for nothing. */
import { createWorld } from '../../../services/aggregates/world.ts';
import { loggedEvent } from '../../../services/contract/logged-event.ts';
import { TOPICS } from '../../../services/contract/topics.ts';
import { kafkaEventLog } from '../../../services/ports/event-log/kafka.ts';
import { lmdbEventLog } from '../../../services/ports/event-log/lmdb.ts';
import type { EventLog } from '../../../services/ports/event-log/port.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { jsonLog } from '../../../services/runtime/log.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Findings } from '../benchmark.ts';
import { createHistory, type HistoryInit, PARTITION_COUNT } from '../fold/history.ts';
import { readAll } from '../fold/replay.ts';
import { worldHash } from '../fold/world-hash.ts';
import { grouped } from '../numbers.ts';
import { inTurn, ratios, spent } from '../rounds.ts';

export interface ReadingInit {
  readonly history: HistoryInit;
  readonly records: number;
  readonly rounds: number;
}

const CHANGES_PER_STEP = 200;

export async function measureReading(
  init: ReadingInit,
  bootstrap: string,
): Promise<Pick<Findings, 'measures' | 'proofs'>> {
  const folder = await temporaryFolder();
  const components = {
    clock: systemClock(),
    random: systemRandom(),
    log: jsonLog({ level: 'error' }),
  };
  const embedded = await lmdbEventLog(
    { dir: folder.path, partitionCount: PARTITION_COUNT },
    components,
  );
  const onKafka = await kafkaEventLog(
    {
      connection: { brokers: [bootstrap] },
      prefix: `bench-${components.random.id()}`,
      partitionCount: PARTITION_COUNT,
    },
    components,
  );
  const history = createHistory(init.history);
  let written = 0;
  while (written < init.records) {
    // By the history's own time, so that both fold to the writer's state.
    const entries = history.step(CHANGES_PER_STEP).map(({ record, timeMs }) => ({
      key: record.aggregate,
      value: { ...record },
      firstTimeMs: timeMs,
    }));
    for (const log of [embedded, onKafka]) await log.append(TOPICS.events.name, entries);
    written += entries.length;
  }

  const hashes: string[] = [];
  const rate = async (work: () => Promise<void>): Promise<number> =>
    written / (await spent(work)).wallSeconds;
  const folded = (log: EventLog) => async (): Promise<number> => {
    const world = createWorld();
    const perSecond = await rate(() =>
      readAll(log, (entry) => {
        world.apply(loggedEvent(entry));
      }),
    );
    hashes.push(worldHash(world));
    return perSecond;
  };
  const found = await inTurn(init.rounds, {
    embedded: folded(embedded),
    onKafka: folded(onKafka),
    read: () => rate(() => readAll(onKafka, () => undefined)),
  });
  await embedded.close();
  await onKafka.close();
  await folder.remove();

  const wanted = worldHash(history.world);
  const unit = 'events/s';
  return {
    measures: [
      { what: 'read from Kafka and folded', unit, values: found.onKafka },
      { what: 'read from the embedded log and folded', unit, values: found.embedded },
      {
        what: 'Kafka as a multiple of embedded',
        unit: 'x',
        values: ratios(found.onKafka, found.embedded),
      },
      { what: 'read from Kafka alone', unit, values: found.read },
    ],
    proofs: [
      {
        what: `${grouped(written)} records from each log end in the writer's state`,
        holds: hashes.length === 2 * init.rounds && hashes.every((hash) => hash === wanted),
      },
    ],
  };
}
