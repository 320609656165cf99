/**
 * AclDriver: how the ACL of one target is written. The whole set at once, never a difference, so
 * that nothing lost or repeated on the way leaves the target with something else; and what counts
 * is not that a write was taken, but what the target says afterwards is really in force.
 *
 * A write is idempotent, and refused (BERTH_ACL_AHEAD) where a later set is there already: a
 * process that was stopped for an hour must not bring an old one back. Every call is bounded in
 * time and in bytes, ends soon after its signal is aborted, and throws a BERTH_ACL_ code.
 */
import type { IpAddress } from '../../contract/ip-address.ts';

export interface AclSet {
  /** Grows with each change of the set. */
  readonly revision: number;
  /** One for each address, sorted by it; who it is for is told for people. */
  readonly entries: readonly {
    readonly address: IpAddress;
    readonly namespace: string;
    readonly egressNat: string;
  }[];
}

export interface AclInForce {
  /** Of the set that was written last; 0: none ever. */
  readonly revision: number;
  /** What is let in, sorted; it may be other than what was written. */
  readonly addresses: readonly IpAddress[];
}

export interface AclDriver {
  readonly kind: 'webhook';
  /** Answers when the target took it; whether it is in force is for `read` to say. */
  write(set: AclSet, signal: AbortSignal): Promise<void>;
  read(signal: AbortSignal): Promise<AclInForce>;
}
