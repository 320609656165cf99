/**
 * Checkpoints: the folded state of an aggregate at a position, with its hash, so that a reader
 * need not start at the beginning. Replaced as a whole or not at all; one that would go back is
 * refused with BERTH_CHECKPOINT_BACKWARDS; the same one again is no change. They live where the
 * log lives, and are used only by readers of the same rules.
 */
import type { Hash } from '../../contract/canonical.ts';
import type { AggregateKey } from '../../contract/identity.ts';
import type { Position } from '../../contract/version.ts';

export interface Checkpoint {
  readonly aggregate: AggregateKey;
  /** Of the last record folded into `state`. */
  readonly position: Position;
  readonly rules: number;
  /** Canonical JSON of the state. */
  readonly state: string;
  /** SHA-256 of `state`. */
  readonly hash: Hash;
}

export interface Checkpoints {
  save(checkpoints: readonly Checkpoint[]): Promise<void>;
  all(): Promise<readonly Checkpoint[]>;
  close(): Promise<void>;
}
