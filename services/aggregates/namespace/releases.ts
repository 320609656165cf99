/**
 * A block that was taken back rests until its quarantine is over (a Tick) and its old node has let
 * go of it (an ack, or a fence in its place); then it is free again, behind all blocks that have
 * rested longer.
 */
import type { EffectsInProgress } from '../effects.ts';
import type { NamespaceState, Release } from './state.ts';

const MS_PER_SECOND = 1000;

export function quarantineMs(state: NamespaceState, release: Release): number {
  const seconds = state.claims.get(release.claim)?.grant?.quarantineSeconds ?? 0;
  return seconds * MS_PER_SECOND;
}

/** Its node forwards nothing for it any more: it says so itself, or it is fenced. */
export function isLetGo({ acked, fenced }: Release): boolean {
  return acked || fenced !== null;
}

export function freeIfRested(
  state: NamespaceState,
  release: Release,
  effects: EffectsInProgress,
): void {
  if (!isLetGo(release) || !release.ticked) return;
  state.releases.delete(release.id);
  const claim = state.claims.get(release.claim);
  if (claim === undefined) return;
  claim.used.delete(release.base);
  claim.free.add(release.base);
  effects.claims.add(claim.id);
}
