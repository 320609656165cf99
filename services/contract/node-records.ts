/**
 * The records of the topics beside the history: `berth.nodes` (compacted: what the API and what
 * its agent say of a node) and `berth.acks` (what each node applied, and when). Nothing in them
 * decides anything; hubs and people read them.
 */
import type { NodeName, PodUid } from './identity.ts';
import type { IpAddress } from './ip-address.ts';
import type { NodeFacts } from './objects.ts';
import type { Version } from './version.ts';

/** Key `NODE/api`; null where the Node object is gone. */
export interface NodeFromApi {
  readonly type: 'NodeFromApi';
  readonly node: NodeName;
  readonly facts: NodeFacts | null;
}

/** Key `NODE/agent`. */
export interface NodeFromAgent {
  readonly type: 'NodeFromAgent';
  readonly node: NodeName;
  readonly bootId: string;
  readonly underlayIp: IpAddress;
  /** The uplink's MAC address, `02:00:00:00:00:01`. */
  readonly mac: string;
  /** Gateways only: public key of its heartbeats, base64. */
  readonly heartbeatKey?: string;
}

export type NodeRecord = NodeFromApi | NodeFromAgent;

/** Key: node name. Times are milliseconds since the epoch. */
export interface AckRecord {
  readonly type: 'Ack';
  readonly node: NodeName;
  readonly bootId: string;
  readonly version: Version;
  readonly checksum: string;
  /** Resources changed or removed by the push; 0 without one. */
  readonly recordsSent: number;
  /** By the hub's clock; null for what the agent did without a push (a pod's IP became known). */
  readonly sentAtMs: number | null;
  /** By the agent's clock. */
  readonly readBackAtMs: number;
  /** Pods whose mapping is, since this read-back, in the node's kernel. */
  readonly mapped: readonly PodUid[];
}

export function nodeApiKey(node: NodeName): string {
  return `${node}/api`;
}

export function nodeAgentKey(node: NodeName): string {
  return `${node}/agent`;
}
