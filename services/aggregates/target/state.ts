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
  /** Its address belongs into the ACL (see `wanted-set.ts`). */
  inSet: boolean;
  /** The set's revision at which it was put in or taken out; null: not settled yet. */
  since: number | null;
}

/** What the target said last is in force. */
export interface AclReport {
  readonly revision: number;
  readonly addresses: readonly IpAddress[];
  readonly atMs: number;
}

export interface TargetState extends LedgerState<TargetQuestion> {
  readonly kind: 'target';
  spec: AclTargetSpec | null;
  readonly entries: Map<ClaimId, AclEntry>;
  /**
   * Of the wanted set: grows with each change of it, and is no smaller than the change's append
   * time in milliseconds, so that not even a log that was begun anew repeats one. 0: never changed.
   */
  revision: number;
  /** How many reports counted. */
  reports: number;
  /** Null: none since the driver is as it is. */
  reported: AclReport | null;
}

export function emptyTarget(key: AggregateKey): TargetState {
  return {
    ...emptyLedger<TargetQuestion>(key),
    kind: 'target',
    spec: null,
    entries: new Map(),
    revision: 0,
    reports: 0,
    reported: null,
  };
}
