/**
 * A data folder as a cluster of so many pods leaves it: log, node records, checkpoints. It is
 * written before what is measured starts, so that nothing of the writing is in the numbers.
 */

import { nodeApiKey } from '../../../services/contract/node-records.ts';
import type { EventRecord } from '../../../services/contract/records.ts';
import { TOPICS } from '../../../services/contract/topics.ts';
import { lmdbCheckpoints } from '../../../services/ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../../../services/ports/event-log/lmdb.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { savedWorld } from '../../fold/saved-world.ts';
import { createHistory, type History, PARTITION_COUNT } from '../fold/history.ts';
import { nodeFacts } from '../propagation/churn.ts';

export interface Population {
  readonly nodes: number;
  readonly pods: number;
  readonly namespaces: number;
}

export const GATEWAYS = ['gateway-1', 'gateway-2'];
const CHANGES_PER_STEP = 100;

/** Answers the history, so that it can go on from there. */
export async function fillFolder(dir: string, population: Population): Promise<History> {
  const { nodes, pods, namespaces } = population;
  // They come and go around this many.
  const podsPerNamespace = Math.ceil((1.1 * pods) / namespaces);
  const history = createHistory({ namespaces, podsPerNamespace, targets: 20, nodes });
  const clock = { ...systemClock(), nowMs: history.nowMs };
  const log = await lmdbEventLog({ dir, partitionCount: PARTITION_COUNT }, { clock });
  while (history.livePods() < pods) {
    const records = history.step(CHANGES_PER_STEP).map(({ record }) => record);
    await log.append(TOPICS.events.name, records.map(toEntry));
  }
  const names = Array.from({ length: nodes }, (_, number) => `node-${number}`);
  const labelled = [
    ...names.map((name) => ({ name, labels: {} })),
    ...GATEWAYS.map((name) => ({ name, labels: { gateway: 'yes' } })),
  ];
  await log.append(
    TOPICS.nodes.name,
    labelled.map(({ name, labels }) => ({
      key: nodeApiKey(name),
      value: {
        type: 'NodeFromApi',
        node: name,
        facts: nodeFacts(name, labels),
      },
    })),
  );
  await log.close();
  const checkpoints = await lmdbCheckpoints({ dir });
  await checkpoints.save(savedWorld(history.world));
  await checkpoints.close();
  return history;
}

function toEntry(record: EventRecord) {
  return { key: record.aggregate, value: { ...record } };
}
