/**
 * Which gateway answers for a NAT address: rendezvous hashing, so that every gateway computes the
 * same owner by itself, and one that comes or goes moves only its own addresses.
 */
import { sha256 } from './canonical.ts';
import type { NodeName } from './identity.ts';
import type { IpAddress } from './ip-address.ts';

/** Null where there is no gateway. The order of `gateways` does not matter. */
export function ownerOf(address: IpAddress, gateways: Iterable<NodeName>): NodeName | null {
  let owner: { readonly gateway: NodeName; readonly weight: string } | null = null;
  for (const gateway of gateways) {
    const weight = sha256(`${gateway} ${address}`);
    if (owner === null || weight > owner.weight) owner = { gateway, weight };
  }
  return owner?.gateway ?? null;
}
