/**
 * Which gateway answers for a NAT address: rendezvous hashing, so that every hub computes the same
 * owner, and a gateway that comes or goes moves only its own addresses.
 */
import { sha256 } from '../../contract/canonical.ts';
import type { NodeName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';

/** Null where there is no gateway. The order of `gateways` does not matter. */
export function ownerOf(address: IpAddress, gateways: Iterable<NodeName>): NodeName | null {
  let owner: { readonly gateway: NodeName; readonly weight: string } | null = null;
  for (const gateway of gateways) {
    const weight = sha256(`${gateway} ${address}`);
    if (owner === null || weight > owner.weight) owner = { gateway, weight };
  }
  return owner?.gateway ?? null;
}
