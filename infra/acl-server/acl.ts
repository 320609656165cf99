/** What an ACL server writes: replaced as a whole, and told as it really is. */
import type { IpAddress } from '../../services/contract/ip-address.ts';

export interface Acl {
  /** In one step: nobody meets half of it. */
  replace(addresses: readonly IpAddress[]): Promise<void>;
  /** Asked anew each time, sorted: others may have changed it. */
  inForce(): Promise<readonly IpAddress[]>;
}

/** The revision of the set that was written last; it outlives the process. */
export interface Revisions {
  read(): Promise<number>;
  write(revision: number): Promise<void>;
}
