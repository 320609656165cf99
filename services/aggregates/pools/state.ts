/**
 * State of `pools`: every NatPool and who holds which of its addresses. One aggregate, so that an
 * address belongs to one claim.
 */
import type { BlockGeometry } from '../../contract/block.ts';
import type {
  AggregateKey,
  EgressNatName,
  NamespaceName,
  PoolName,
  TargetName,
} from '../../contract/identity.ts';
import { POOLS } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { Labels, NatPoolSpec } from '../../contract/objects.ts';
import type { ClaimId } from '../../contract/records.ts';
import { emptyLedger, type LedgerState } from '../aggregate/ledger-state.ts';

export type PoolsQuestion =
  | { readonly kind: 'grant'; readonly claim: ClaimId }
  | { readonly kind: 'tell-targets'; readonly claim: ClaimId }
  | { readonly kind: 'withdraw'; readonly claim: ClaimId };

export interface PoolClaim {
  readonly id: ClaimId;
  readonly from: AggregateKey;
  readonly namespace: NamespaceName;
  readonly egressNat: EgressNatName;
  readonly pool: PoolName;
  labels: Labels;
  /** What the namespace wants told, with the revision at which each target joined. */
  readonly wanted: Map<TargetName, number>;
  /** What the targets were last told: revision and labels. */
  readonly told: Map<TargetName, { readonly revision: number; readonly labels: Labels }>;
  /** Entries that targets were told to drop, and have not yet: the revision of each. */
  readonly dropping: Map<TargetName, number>;
  grant: {
    readonly address: IpAddress;
    readonly geometry: BlockGeometry;
    readonly quarantineSeconds: number;
  } | null;
  withdrawn: boolean;
  /** Given back by the namespace; the address is free once every target dropped its entry. */
  returned: boolean;
}

export interface PoolState {
  readonly spec: NatPoolSpec;
  /** The object is gone; what is held of it drains, and its gateways go on until then. */
  readonly gone: boolean;
  /** Every address of the pool, in order. */
  readonly addresses: ReadonlySet<IpAddress>;
}

export interface PoolsState extends LedgerState<PoolsQuestion> {
  readonly kind: 'pools';
  /** In the order in which they were first observed. */
  readonly pools: Map<PoolName, PoolState>;
  readonly claims: Map<ClaimId, PoolClaim>;
  readonly holders: Map<IpAddress, ClaimId>;
}

export function emptyPools(): PoolsState {
  return {
    ...emptyLedger<PoolsQuestion>(POOLS),
    kind: 'pools',
    pools: new Map(),
    claims: new Map(),
    holders: new Map(),
  };
}
