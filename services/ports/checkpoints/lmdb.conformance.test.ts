/** The embedded checkpoints hold the suite. */
import { reopenable } from '../../../test/reopenable.ts';
import { checkpointsConformance } from './conformance.ts';
import { lmdbCheckpoints } from './lmdb.ts';

checkpointsConformance('the LMDB checkpoints', {
  setup: () => reopenable((dir) => lmdbCheckpoints({ dir })),
  teardown: (harness) => harness.teardown(),
});
