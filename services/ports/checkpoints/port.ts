/**
 * Checkpoints: the folded state of an aggregate at a position, with its hash, so that a reader
 * need not start at the beginning. They live where the log lives, and are used only by readers of
 * the same rules.
 *
 * Passes: they are saved in passes. A pass covers its version: together with the passes before it,
 * it has a checkpoint of every aggregate that has a record in those partitions up to there, and no
 * aggregate's is behind its last record up to there. Each may be further on than the version, by
 * itself. So a reader reads on right behind the version, and leaves out of each aggregate what its
 * checkpoint has already (aggregates/world.ts). `all` answers what all passes come to.
 *
 * Whoever saves one says so of what it has found or saved there itself, and changed since: then
 * any number may save, and none of them takes anything from another.
 *
 * One that would go back is refused with BERTH_CHECKPOINT_BACKWARDS as far as the store can see
 * it; the same one again is no change; the version only grows. Nothing torn is ever answered.
 */
import type { Hash } from '../../contract/canonical.ts';
import type { AggregateKey } from '../../contract/identity.ts';
import type { Position, Version } from '../../contract/version.ts';

export interface Checkpoint {
  readonly aggregate: AggregateKey;
  /** All of its partition up to here is folded into `state`, as far as it concerns it. */
  readonly position: Position;
  readonly rules: number;
  /** Canonical JSON of the state. */
  readonly state: string;
  /** SHA-256 of `state`. */
  readonly hash: Hash;
}

export interface Pass {
  readonly checkpoints: readonly Checkpoint[];
  /** Partitions that it does not name stay as they are. */
  readonly version: Version;
}

export interface Checkpoints {
  /** Answers when they would survive a crash of the machine. */
  save(pass: Pass): Promise<void>;
  /** Of these partitions, or of all. */
  all(partitions?: readonly number[]): Promise<Pass>;
  /** Up to where all partitions are covered, without the states. */
  version(): Promise<Version>;
  close(): Promise<void>;
}
