/**
 * Checkpoints that a reader has not used and comes past: its own fold must have their hash there.
 * Between two records of a partition no aggregate of it changes, so each is compared as soon as all
 * records up to its position are folded, or are known to be.
 */
import type { Hash } from '../contract/canonical.ts';
import { berthError } from '../contract/errors.ts';
import type { AggregateKey } from '../contract/identity.ts';
import type { Position } from '../contract/version.ts';

export interface HashedPosition {
  readonly aggregate: AggregateKey;
  readonly position: Position;
  readonly hash: Hash;
}

export interface PassedCheckpoints {
  /** To be compared when its position is folded. */
  expect(checkpoint: HashedPosition): void;
  /** @throws BERTH_FOLD_CHECKPOINT_DIFFERS: the reader must stop. */
  foldedUpTo(position: Position): void;
}

/** `check` compares one with the fold as it is then. */
export function createPassedCheckpoints(
  check: (checkpoint: HashedPosition) => void,
): PassedCheckpoints {
  /** By partition, the next one last. */
  const ahead = new Map<number, HashedPosition[]>();
  return {
    expect(checkpoint) {
      const { partition } = checkpoint.position;
      const all = [...(ahead.get(partition) ?? []), checkpoint];
      ahead.set(
        partition,
        all.sort((a, b) => b.position.offset - a.position.offset),
      );
    },
    foldedUpTo({ partition, offset }) {
      const waiting = ahead.get(partition);
      for (let next = waiting?.at(-1); next !== undefined; next = waiting?.at(-1)) {
        if (next.position.offset > offset) return;
        waiting?.pop();
        check(next);
      }
    },
  };
}

/** @throws BERTH_FOLD_CHECKPOINT_DIFFERS */
export function compare({ aggregate, position, hash }: HashedPosition, own?: Hash): void {
  if (own === hash) return;
  throw berthError('BERTH_FOLD_CHECKPOINT_DIFFERS', { aggregate, offset: position.offset });
}
