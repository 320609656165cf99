/**
 * Pods of a StatefulSet keep their name over restarts, and get their old block back where it is
 * free. So the last block of each such name is remembered for as long as the address is held; of
 * very many names only those that were given one last.
 */
import type { EgressNatName } from '../../contract/identity.ts';
import type { PodFacts } from '../../contract/objects.ts';
import type { ClaimId } from '../../contract/records.ts';
import type { NamespaceState } from './state.ts';

/** A name that is forgotten costs its pod another block, once. */
export const REMEMBERED_MAX = 4096;

export interface Block {
  readonly claim: ClaimId;
  readonly base: number;
}

export function rememberBlock(
  state: NamespaceState,
  pod: PodFacts,
  egressNat: EgressNatName,
  block: Block,
): void {
  if (pod.statefulSet === null) return;
  const { lastBlocks } = state;
  const key = keyOf(egressNat, pod);
  // Taken out first, so that the order is that of the last grants.
  lastBlocks.delete(key);
  lastBlocks.set(key, block);
  for (const oldest of lastBlocks.keys()) {
    if (lastBlocks.size <= REMEMBERED_MAX) break;
    lastBlocks.delete(oldest);
  }
}

export function lastBlock(
  state: NamespaceState,
  pod: PodFacts,
  egressNat: EgressNatName,
): Block | undefined {
  return pod.statefulSet === null ? undefined : state.lastBlocks.get(keyOf(egressNat, pod));
}

export function forgetBlocksOf(state: NamespaceState, claim: ClaimId): void {
  for (const [key, block] of state.lastBlocks) {
    if (block.claim === claim) state.lastBlocks.delete(key);
  }
}

function keyOf(egressNat: EgressNatName, pod: PodFacts): string {
  return `${egressNat}/${pod.name}`;
}
