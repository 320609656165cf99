/**
 * Fences: the observation that a node forwards nothing any more counts in place of its acks, for
 * what rests already and for what is released until the node returns. A node's fences and returns
 * are numbered by its fence book, so one that comes late (another hub was slow) changes nothing:
 * after its return only a node's own word frees its blocks.
 */
import type { NodeName } from '../../contract/identity.ts';
import type { FencedBy } from '../../contract/records.ts';
import type { EffectsInProgress, IgnoredBecause } from '../effects.ts';
import { freeIfRested } from './releases.ts';
import type { NamespaceState, Release } from './state.ts';

/** `by`: null when the node returned. */
export function fenceObserved(
  state: NamespaceState,
  node: NodeName,
  by: FencedBy | null,
  number: number,
  effects: EffectsInProgress,
): IgnoredBecause | null {
  const last = state.fences.get(node);
  if (last !== undefined && number <= last.number) return 'repeated';
  // What was stated stays stated, although the Node object is gone meanwhile.
  const stated = by === 'Deleted' ? (last?.by ?? by) : by;
  state.fences.set(node, { number, by: stated });
  for (const release of state.releases.values()) {
    if (release.node !== node) continue;
    release.fenced ??= fenceFor(state, release);
    freeIfRested(state, release, effects);
  }
  return null;
}

/** The fence in force that counts for this release; a pool may refuse that of a deleted Node. */
export function fenceFor(state: NamespaceState, release: Release): FencedBy | null {
  const by = state.fences.get(release.node)?.by ?? null;
  const fencing = state.claims.get(release.claim)?.grant?.fencing;
  return by === 'Deleted' && fencing === 'Stated' ? null : by;
}
