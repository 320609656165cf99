/**
 * Who is in sync, at one moment: read from what nodes acked, never from what was sent to them.
 * For gateways asked about, for people and for tests.
 */
import type { NodeName } from '../contract/identity.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import type { Session, WantedSet } from './session.ts';

export interface NodeStatus {
  readonly node: NodeName;
  readonly connected: boolean;
  /** It has pods or is a gateway; others may be without an agent. */
  readonly concerned: boolean;
  /** What it last acked, or said that it has; null: nothing is known. */
  readonly version: Version | null;
  /** It has all that it shall have, and has let go of all that was released. */
  readonly inSync: boolean;
  /** How long it has been out of sync; 0 in sync. */
  readonly lagMs: number;
  /** How long its push is without an answer; 0: there is none. */
  readonly unackedMs: number;
}

/** Every node concerned has applied, and read back, all that it shall have. */
export function converged(nodes: Iterable<NodeStatus>): boolean {
  for (const { concerned, inSync } of nodes) if (concerned && !inSync) return false;
  return true;
}

/** `ackNeeded`: a release waits for the node's ack. */
export function isInSync(session: Session, wanted: WantedSet, ackNeeded: boolean): boolean {
  const { held, inFlight } = session.status;
  return held !== null && held.checksum === wanted.checksum && !inFlight && !ackNeeded;
}

/** It has this version, or all that it shall have at a version not before this one. */
export function hasVersion(session: Session, wanted: WantedSet, version: Version): boolean {
  const { held, connected, inFlight } = session.status;
  if (held === null) return false;
  if (isAtLeast(held.version, version)) return true;
  const equal = connected && !inFlight && held.checksum === wanted.checksum;
  return equal && isAtLeast(wanted.version, version);
}
