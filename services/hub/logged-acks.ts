/**
 * What gateways acked to whichever hub, as `berth.acks` says it: so a pod that waits for gateways
 * need not be linked to their hub. Read from the log's end on, and nothing rests on it but how
 * soon a question is answered. Only the ack of a push counts, and only of the boot that the node
 * is in by its last hello; of each node the furthest is kept.
 */
import type { NodeName } from '../contract/identity.ts';
import { type AckRecord, type NodeRecord, nodeAgentKey } from '../contract/node-records.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import type { Held } from './session.ts';

export interface LoggedAcks {
  take(acks: Iterable<AckRecord>): void;
  /** It had this version, or all that it shall have at a version not before this one. */
  hasVersion(node: NodeName, wanted: Held, version: Version): boolean;
  /** Whether the log knows of no later boot than this one. */
  isLastBoot(node: NodeName, bootId: string): boolean;
}

type Acked = Held & Pick<AckRecord, 'bootId'>;

export function createLoggedAcks(nodeRecords: ReadonlyMap<string, NodeRecord>): LoggedAcks {
  const acked = new Map<NodeName, Acked>();

  function isLastBoot(node: NodeName, bootId: string): boolean {
    const record = nodeRecords.get(nodeAgentKey(node));
    return record?.type !== 'NodeFromAgent' || record.bootId === bootId;
  }

  return {
    take(acks) {
      for (const { node, bootId, version, checksum, sentAtMs } of acks) {
        // Without a push it is said of what the node claimed to have.
        if (sentAtMs === null) continue;
        const known = acked.get(node);
        // Of two hubs, the one that the node left may append last.
        if (known?.bootId === bootId && !isAtLeast(version, known.version)) continue;
        acked.set(node, { bootId, version, checksum: BigInt(`0x${checksum}`) });
      }
    },
    hasVersion(node, wanted, version) {
      const known = acked.get(node);
      if (known === undefined || !isLastBoot(node, known.bootId)) return false;
      if (isAtLeast(known.version, version)) return true;
      return known.checksum === wanted.checksum && isAtLeast(wanted.version, version);
    },
    isLastBoot,
  };
}
