/**
 * Which NAT addresses exist: every one that a claim was granted, as the pools or the namespace say
 * it, whichever is read first. It is gone when neither holds it any more.
 */
import type { BlockGeometry } from '../../contract/block.ts';
import type { AggregateKey, PoolName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { ClaimId } from '../../contract/records.ts';

export interface GrantedClaim {
  readonly pool: PoolName;
  readonly grant: { readonly address: IpAddress; readonly geometry: BlockGeometry } | null;
}

export interface NatAddress {
  readonly address: IpAddress;
  readonly pool: PoolName;
  readonly blockSize: number;
}

export interface Addresses {
  /** What an aggregate says of a claim now. Answers the addresses to look at again. */
  setClaim(by: AggregateKey, id: ClaimId, claim: GrantedClaim | undefined): readonly IpAddress[];
  get(address: IpAddress): NatAddress | undefined;
  all(): Iterable<NatAddress>;
}

export function createAddresses(): Addresses {
  const byHolder = new Map<string, NatAddress>();
  const holdersOf = new Map<IpAddress, Set<string>>();

  function drop(holder: string, { address }: NatAddress): void {
    byHolder.delete(holder);
    const holders = holdersOf.get(address);
    holders?.delete(holder);
    if (holders?.size === 0) holdersOf.delete(address);
  }

  function get(address: IpAddress): NatAddress | undefined {
    for (const holder of holdersOf.get(address) ?? []) return byHolder.get(holder);
    return undefined;
  }

  return {
    setClaim: (by, id, claim) => {
      const holder = `${by} ${id}`;
      const before = byHolder.get(holder);
      const grant = claim?.grant ?? null;
      // A grant never changes while its claim is held.
      if (before?.address === grant?.address) return [];
      const touched: IpAddress[] = [];
      if (before !== undefined) {
        drop(holder, before);
        touched.push(before.address);
      }
      if (claim !== undefined && grant !== null) {
        const { address, geometry } = grant;
        byHolder.set(holder, { address, pool: claim.pool, blockSize: geometry.blockSize });
        holdersOf.set(address, (holdersOf.get(address) ?? new Set()).add(holder));
        touched.push(address);
      }
      return touched;
    },
    get,
    *all() {
      for (const address of holdersOf.keys()) {
        const found = get(address);
        if (found !== undefined) yield found;
      }
    },
  };
}
