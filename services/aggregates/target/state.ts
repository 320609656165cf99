/** State of `target/<name>`: a protected system and its ACL's entries, wanted and confirmed. */
import type { AggregateKey, EgressNatName, NamespaceName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';
import type { AclTargetSpec, Labels } from '../../contract/objects.ts';
import type { ClaimId } from '../../contract/records.ts';
import { emptyLedger, type LedgerState } from '../aggregate/ledger-state.ts';

export type TargetQuestion =
  | { readonly kind: 'confirm'; readonly entry: ClaimId }
  | { readonly kind: 'remove'; readonly entry: ClaimId };

export interface AclEntry {
  readonly claim: ClaimId;
  readonly address: IpAddress;
  readonly namespace: NamespaceName;
  readonly egressNat: EgressNatName;
  readonly revision: number;
  labels: Labels;
  state: 'wanted' | 'confirmed' | 'dropping';
}

export interface TargetState extends LedgerState<TargetQuestion> {
  readonly kind: 'target';
  spec: AclTargetSpec | null;
  readonly entries: Map<ClaimId, AclEntry>;
}

export function emptyTarget(key: AggregateKey): TargetState {
  return {
    ...emptyLedger<TargetQuestion>(key),
    kind: 'target',
    spec: null,
    entries: new Map(),
  };
}
