/**
 * Whether a node has what no log here ever had. A node never goes back, so until the log is as long
 * as the one that it knew it is sent nothing, and its kernel goes on with what it has; somebody
 * has to be told.
 */
import { type BerthError, berthError } from '../contract/errors.ts';
import type { NodeName } from '../contract/identity.ts';
import { positionsOf, type Version } from '../contract/version.ts';
import type { Offsets } from '../ports/event-log/port.ts';

/** Null where the log is long enough, and the hub only has to read it. */
export function beyondTheEnd(
  node: NodeName,
  version: Version,
  log: { readonly ends: Offsets; readonly generation: number },
): BerthError | null {
  const { ends, generation: own } = log;
  const { generation = 0 } = version;
  if (generation !== own) return berthError('BERTH_HUB_OTHER_LOG', { node, generation, own });
  for (const [partition, offset] of positionsOf(version)) {
    const end = ends[partition] ?? 0;
    if (offset >= end) return berthError('BERTH_HUB_NODE_AHEAD', { node, partition, offset, end });
  }
  return null;
}
