/**
 * A state's hash without where its records stand: the same for a log and for its copy, whatever
 * the partitions. Nothing but releases knows a position, and a log's own records are of that log.
 */
import { type Hash, hashOf, sha256 } from '../contract/canonical.ts';
import type { AggregateKey } from '../contract/identity.ts';
import { stateToText } from './aggregate/state-text.ts';
import type { AggregateState } from './world.ts';

export interface ContentHashes {
  readonly aggregates: ReadonlyMap<AggregateKey, Hash>;
  /** Of all of them. */
  readonly whole: Hash;
}

export function contentHashes(states: Iterable<AggregateState>): ContentHashes {
  const hashed = [...states]
    .filter(({ kind }) => kind !== 'log')
    .map((state) => [state.key, contentHash(state)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { aggregates: new Map(hashed), whole: hashOf(hashed) };
}

function contentHash(state: AggregateState): Hash {
  if (state.kind !== 'namespace') return sha256(stateToText(state));
  const releases = new Map(
    [...state.releases].map(([id, { position: _, ...release }]) => [id, release]),
  );
  return sha256(stateToText({ ...state, releases }));
}
