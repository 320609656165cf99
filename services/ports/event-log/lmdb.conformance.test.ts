/** The embedded log holds the suite, with four partitions and with one. */
import { join } from 'node:path';
import { reopenable } from '../../../test/reopenable.ts';
import { systemClock } from '../../runtime/clock.ts';
import { openEnvironment, textTable } from '../data-folder/environment.ts';
import type { EventLogHarness } from './conformance/harness.ts';
import { eventLogConformance } from './conformance.ts';
import { lmdbEventLog } from './lmdb.ts';

/** What nothing of ours does to this log yet. */
const deleteIn =
  (dir: () => string, storage: Pick<EventLogHarness, 'reopen'>): EventLogHarness['deleteBefore'] =>
  async (topic, offsets) => {
    await (await storage.reopen()).close();
    const environment = openEnvironment(join(dir(), 'log'));
    const entries = textTable<[number, number]>(environment, `entries/${topic}`);
    for (const [name, end] of Object.entries(offsets)) {
      const partition = Number(name);
      const gone = entries.getKeys({ start: [partition, 0], end: [partition, end] });
      await Promise.all([...gone].map((place) => entries.remove(place)));
    }
    await environment.close();
    return storage.reopen();
  };

for (const partitionCount of [4, 1]) {
  eventLogConformance(`the LMDB log of ${partitionCount} partitions`, {
    setup: async () => {
      let folder = '';
      const storage = await reopenable((dir) => {
        folder = dir;
        const init = { dir, partitionCount, readBatchMax: 8 };
        return lmdbEventLog(init, { clock: systemClock() });
      });
      return { ...storage, readBatchMax: 8, deleteBefore: deleteIn(() => folder, storage) };
    },
    teardown: (harness) => harness.teardown(),
  });
}
