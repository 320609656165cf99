/** The embedded log holds the suite, with four partitions and with one. */
import { reopenable } from '../../../test/reopenable.ts';
import { systemClock } from '../../runtime/clock.ts';
import { eventLogConformance } from './conformance.ts';
import { lmdbEventLog } from './lmdb.ts';

for (const partitionCount of [4, 1]) {
  const open = (dir: string) =>
    lmdbEventLog({ dir, partitionCount, readBatchMax: 8 }, { clock: systemClock() });
  eventLogConformance(`the LMDB log of ${partitionCount} partitions`, {
    setup: async () => ({ ...(await reopenable(open)), readBatchMax: 8 }),
    teardown: (harness) => harness.teardown(),
  });
}
